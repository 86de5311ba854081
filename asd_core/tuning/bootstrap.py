"""How sure the choice of a setting is: which settings cannot be told from the best on the clips at hand.

Clips are drawn again with replacement, the same ones for every setting (a paired bootstrap), and the objective is taken
anew. Recordings are drawn, not clips: anomalies simulated from one recording are no independent evidence. Each
condition and domain of a machine keeps its number of recordings.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.dcase_scores import DOMAINS
from asd_core.tuning.objectives import FIGURES, objective_values

Floats = NDArray[np.float64]
Counts = NDArray[np.floating[Any]]

RESAMPLES = 1000
_LEVEL = 0.95
_MAX_FPR = 0.1
_BLOCK = 250  # resamples at once: a fifth of a megabyte an array for 400 clips


@dataclass(frozen=True)
class JudgedClips:
    """The clips of one machine that settings are judged on.

    Attributes:
        machine_type: whose.
        is_anomalous: (M,).
        domains: (M,) "source", "target" or "".
        recordings: (M,) what each clip was made from: clips of equal value are drawn together.
        scores: (S, M) anomaly scores under each of the settings compared, or their ranks.
    """

    machine_type: str
    is_anomalous: NDArray[np.bool_]
    domains: NDArray[np.str_]
    recordings: NDArray[np.str_]
    scores: NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """Settings against the best of them on the same clips, all (S,) float64.

    Attributes:
        objective: on the clips as they are.
        standard_error: of the objective over resamples.
        behind: how far it lies behind the best setting's; 0 for that.
        behind_low: lower end of the 95 % interval of that difference over resamples.
        behind_high: upper end.
        share_best: of the resamples in which the setting is the best of those compared; ties count for the first.
    """

    objective: Floats
    standard_error: Floats
    behind: Floats
    behind_low: Floats
    behind_high: Floats
    share_best: Floats

    @property
    def indistinguishable(self) -> NDArray[np.bool_]:
        """(S,): the settings that these clips do not tell from the best one, that one included."""
        return self.behind_low <= 0


def compare(
    machines: Sequence[JudgedClips], objective: str, *, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Compare settings on the clips of the machines that get one setting together.

    The best is the one of the highest objective, of equals the first. That it was picked for being so flatters it: an
    interval that barely lies above 0 is no proof. It costs some milliseconds a setting and machine: compare the best
    few hundred.

    Args:
        machines: their clips, each with scores under the same S settings; every clip has a score.
        objective: see `asd_core.tuning.objectives`.
        resamples: how many.
        seed: of the resampling.
    """
    types = [machine.machine_type for machine in machines]
    draws = [_draws(machine, resamples, seed + place) for place, machine in enumerate(machines)]
    once = [np.ones((1, len(machine.is_anomalous))) for machine in machines]
    settings = range(len(machines[0].scores))
    observed = np.array([_objectives(machines, types, setting, once, objective)[0] for setting in settings])
    resampled = np.stack([_objectives(machines, types, setting, draws, objective) for setting in settings])
    best = int(np.argmax(observed))
    behind = resampled[best] - resampled
    low, high = np.quantile(behind, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=1)
    shares = np.bincount(resampled.argmax(axis=0), minlength=len(observed)) / resamples
    return Comparison(observed, resampled.std(axis=1), observed[best] - observed, low, high, shares)


def _objectives(
    machines: Sequence[JudgedClips], types: Sequence[str], setting: int, draws: Sequence[Counts], objective: str
) -> Floats:
    """The objective of one setting under each draw, (B,)."""
    figures = [
        weighted_figures(machine.scores[setting], machine.is_anomalous, machine.domains, counts)
        for machine, counts in zip(machines, draws, strict=True)
    ]
    return objective_values(objective, types, np.stack(figures))


def _draws(machine: JudgedClips, resamples: int, seed: int) -> Counts:
    """How often each clip is drawn in each resample, (B, M)."""
    rng = np.random.default_rng(seed)
    counts = np.empty((resamples, len(machine.is_anomalous)), np.float32)  # which holds counts exactly
    for is_anomalous in (False, True):
        for domain in np.unique(machine.domains):
            clips = np.flatnonzero((machine.is_anomalous == is_anomalous) & (machine.domains == domain))
            names, recording = np.unique(machine.recordings[clips], return_inverse=True)
            if len(names):
                drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
                counts[:, clips] = drawn[:, recording]
    return counts


def weighted_figures(
    scores: NDArray[Any],
    is_anomalous: NDArray[np.bool_],
    domains: NDArray[np.str_],
    counts: Counts,
) -> Floats:
    """FIGURES of clips that count several times or not at all.

    Args:
        scores: (M,).
        is_anomalous: (M,).
        domains: (M,).
        counts: (B, M) how often each clip counts.

    Returns:
        (B, 4): `figures_of` the clips, each repeated so often.
    """
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))  # of clips of equal score
    group = np.searchsorted(ends, np.arange(len(order)))
    normal = np.flatnonzero(~is_anomalous[order])
    own = np.stack([domains[order][normal] == domain for domain in DOMAINS]).astype(counts.dtype)
    found = np.full((len(counts), len(FIGURES)), np.nan)
    for start in range(0, len(counts), _BLOCK):
        # Clips down, resamples across: rows are added up whole, several times faster than along a row.
        weights = np.ascontiguousarray(counts[start : start + _BLOCK].T)[order]
        caught = _running_sums(weights, ~is_anomalous[order])[ends]
        false = _running_sums(weights, is_anomalous[order])[ends]
        before = np.pad(caught[:-1], ((1, 0), (0, 0)))
        misses = weights[normal]
        beaten = misses * ((before + caught) / 2)[group[normal]]  # of each normal clip: how many anomalies beat it
        rows, total = found[start : start + _BLOCK], caught[-1]
        rows[:, 0] = beaten.sum(axis=0) / (false[-1] * total)
        rows[:, 1] = _pauc(false, caught, before)
        with np.errstate(invalid="ignore"):  # no normal clip of the domain
            rows[:, 2:] = (own @ beaten / (own @ misses * total)).T
    return found


def _running_sums(weights: Counts, left_out: NDArray[np.bool_]) -> Counts:
    """Sums of the rows so far (M, B), without some of them."""
    sums = np.empty_like(weights)
    so_far = np.zeros(weights.shape[1], weights.dtype)
    for row, own, skip in zip(sums, weights, left_out.tolist(), strict=True):
        if not skip:
            so_far += own
        row[:] = so_far
    return sums


def _pauc(false: Counts, caught: Counts, before: Counts) -> Floats:
    """`asd_core.metrics.pauc` along ROC curves, (B,).

    Args:
        false: (G, B) normal clips at or above each different score, highest first.
        caught: (G, B) anomalous clips likewise.
        before: (G, B) those above it.
    """
    last, total, positives = np.pad(false[:-1], ((1, 0), (0, 0))), false[-1], caught[-1]
    limit = _MAX_FPR * total
    stop = bisect.bisect_left(range(len(last)), True, key=lambda row: bool((last[row] >= limit).all()))
    last, false, caught, before = last[:stop], false[:stop], caught[:stop], before[:stop]
    width = np.clip(limit - last, 0, false - last)  # of each piece, as far as it lies below the limit
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(width > 0, width / (false - last), 0)
    area = (width * (before + share * (caught - before) / 2)).sum(axis=0) / (total * positives)
    chance = _MAX_FPR**2 / 2
    return np.asarray(0.5 * (1 + (area.astype(np.float64) - chance) / (_MAX_FPR - chance)))
