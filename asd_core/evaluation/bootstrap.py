"""A paired bootstrap of settings: which of them the clips at hand cannot tell from the best.

Clips are drawn again with replacement, the same ones for every setting, and the objective is computed anew. Recordings
are drawn, not clips: anomalies simulated from one recording are no independent evidence. Each condition and domain of a
machine keeps its number of recordings. All resamples of a setting go through one sorted pass (`weighted_figures`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.dcase_scores import DOMAINS
from asd_core.evaluation.objectives import FIGURES, objective_values

Floats = NDArray[np.float64]
Counts = NDArray[np.floating[Any]]

RESAMPLES = 1000
_LEVEL = 0.95
_MAX_FPR = 0.1
_BLOCK = 500  # resamples at once: 0.4 MB an array for 200 clips of a kind
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@dataclass(frozen=True)
class JudgedClips:
    """The clips of one machine that settings are judged on.

    Attributes:
        machine_type: as in CLIPS.
        is_anomalous: (M,).
        domains: (M,) "source", "target" or "".
        recordings: (M,) id of the recording of each clip: clips of one recording are drawn together.
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
        behind: the best setting's objective minus this one's; 0 for the best.
        behind_low: lower end of the 95 % interval of that difference over resamples.
        behind_high: upper end of the interval.
        share_best: share of the resamples in which the setting is the best; ties count for the first.
        behind_error: standard error of ``behind`` over resamples.
    """

    objective: Floats
    standard_error: Floats
    behind: Floats
    behind_low: Floats
    behind_high: Floats
    share_best: Floats
    behind_error: Floats

    @property
    def indistinguishable(self) -> NDArray[np.bool_]:
        """(S,) mask of the settings that these clips do not tell from the best one, the best included."""
        return self.behind_low <= 0


def compare(
    machines: Sequence[JudgedClips], objective: str, *, resamples: int = RESAMPLES, seed: int = 0
) -> Comparison:
    """Compare settings on the clips of the machines that get one setting together.

    The best setting is the first one with the highest objective. The choice flatters it: an interval that barely lies
    above 0 is no proof. A setting costs some milliseconds a machine: compare the best few hundred.

    Args:
        machines: their clips, each with a score under the same S settings.
        objective: see `asd_core.evaluation.objectives`.
        resamples: number of resamples.
        seed: of the resampling.
    """
    types = [machine.machine_type for machine in machines]
    draws = [_draws(machine, resamples, seed + place) for place, machine in enumerate(machines)]
    once = [np.ones((len(machine.is_anomalous), 1)) for machine in machines]
    settings = range(len(machines[0].scores))
    observed = np.array([_objectives(machines, types, setting, once, objective)[0] for setting in settings])
    resampled = np.stack([_objectives(machines, types, setting, draws, objective) for setting in settings])
    best = int(np.argmax(observed))
    behind = resampled[best] - resampled
    low, high = np.quantile(behind, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], axis=1)
    shares = np.bincount(resampled.argmax(axis=0), minlength=len(observed)) / resamples
    return Comparison(observed, resampled.std(axis=1), observed[best] - observed, low, high, shares, behind.std(axis=1))


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
    """Number of draws of each clip in each resample, (M, B)."""
    rng = np.random.default_rng(seed)
    counts = np.empty((len(machine.is_anomalous), resamples), np.float32)  # exact for counts
    for is_anomalous in (False, True):
        for domain in np.unique(machine.domains):
            clips = np.flatnonzero((machine.is_anomalous == is_anomalous) & (machine.domains == domain))
            names, recording = np.unique(machine.recordings[clips], return_inverse=True)
            if len(names):
                drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
                counts[clips] = drawn.T[recording]
    return counts


def weighted_figures(
    scores: NDArray[Any], is_anomalous: NDArray[np.bool_], domains: NDArray[np.str_], counts: Counts
) -> Floats:
    """FIGURES of clips that count several times or not at all.

    Args:
        scores: (M,).
        is_anomalous: (M,).
        domains: (M,).
        counts: (M, B) number of times that each clip counts; resamples lie along rows, which are added up whole.

    Returns:
        (B, 4): `figures_of` the clips, each repeated as often as it counts.
    """
    descending = -scores.astype(np.float64)
    normal, anomalous = (
        clips[np.argsort(descending[clips], kind="stable")]
        for clips in (np.flatnonzero(~is_anomalous), np.flatnonzero(is_anomalous))
    )
    above, level = (np.searchsorted(descending[anomalous], descending[normal], side) for side in _SIDES)
    ends = np.flatnonzero(np.append(np.diff(descending[normal]) != 0, True))  # of normal clips of equal score
    own = np.stack([domains[normal] == domain for domain in DOMAINS]).astype(counts.dtype)
    found = np.full((counts.shape[1], len(FIGURES)), np.nan)
    for start in range(0, len(found), _BLOCK):
        rows, weights = found[start : start + _BLOCK], counts[:, start : start + _BLOCK]
        caught, false = _running_sums(weights[anomalous]), weights[normal]
        beaten = false * ((caught[above] + caught[level]) / 2)  # number of anomalies that beat each normal clip
        total = caught[-1]
        rows[:, 0] = beaten.sum(axis=0) / (false.sum(axis=0) * total)
        rows[:, 1] = _pauc(false, caught, above, level, ends)
        with np.errstate(invalid="ignore"):  # no normal clip of the domain
            rows[:, 2:] = (own @ beaten / (own @ false * total)).T
    return found


def _running_sums(rows: Counts) -> Counts:
    """Running sums of rows, from 0 on: (M, B) → (M + 1, B), in two fifths of the time of `numpy.cumsum`."""
    sums = np.zeros((len(rows) + 1, rows.shape[1]), rows.dtype)
    for before, row, after in zip(sums, rows, sums[1:], strict=False):
        np.add(before, row, out=after)
    return sums


def _pauc(
    false: Counts, caught: Counts, above: NDArray[np.intp], level: NDArray[np.intp], ends: NDArray[np.intp]
) -> Counts:
    """`asd_core.evaluation.metrics.pauc` along ROC curves, (B,).

    Args:
        false: (N, B) number of times that each normal clip counts, the clip of the highest score first.
        caught: (A + 1, B) running sums of the anomalous clips.
        above: (N,) number of anomalous clips that score higher than each normal clip.
        level: (N,) number of anomalous clips that score higher or the same.
        ends: (G,) the last normal clip of each different score.
    """
    limit = _MAX_FPR * false.sum(axis=0)
    area, last, row = np.zeros(len(limit)), np.zeros(len(limit)), 0
    for end in ends.tolist():  # the pieces of the curve that are not upright, up to the limit
        own = false[row : end + 1].sum(axis=0)
        width = np.clip(limit - last, 0, own)
        height = caught[above[end]]
        if level[end] > above[end]:
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(own > 0, width / own, 0)
            height = height + share * (caught[level[end]] - height) / 2
        area += width * height
        last, row = last + own, end + 1
        if (last >= limit).all():
            break
    area /= false.sum(axis=0) * caught[-1]
    chance = _MAX_FPR**2 / 2
    return np.asarray(0.5 * (1 + (area - chance) / (_MAX_FPR - chance)))
