"""How sure the choice of a setting is: which settings cannot be told from the best on the clips at hand.

Clips are drawn again with replacement, the same ones for every setting (a paired bootstrap), and the objective is taken
anew. Recordings are drawn, not clips: anomalies simulated from one recording are no independent evidence. Each
condition and domain of a machine keeps its number of recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.tuning.objectives import FIGURES, objective_values

Floats = NDArray[np.float64]

RESAMPLES = 1000
_LEVEL = 0.95
_MAX_FPR = 0.1


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
    machines: Sequence[JudgedClips], types: Sequence[str], setting: int, draws: Sequence[Floats], objective: str
) -> Floats:
    """The objective of one setting under each draw, (B,)."""
    figures = [
        weighted_figures(machine.scores[setting], machine.is_anomalous, machine.domains, counts)
        for machine, counts in zip(machines, draws, strict=True)
    ]
    return objective_values(objective, types, np.stack(figures))


def _draws(machine: JudgedClips, resamples: int, seed: int) -> Floats:
    """How often each clip is drawn in each resample, (B, M)."""
    rng = np.random.default_rng(seed)
    counts = np.empty((resamples, len(machine.is_anomalous)))
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
    counts: Floats,
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
    anomalous, normal = scores[is_anomalous], scores[~is_anomalous]
    wins = (anomalous[:, None] > normal) + 0.5 * (anomalous[:, None] == normal)
    hits, misses = counts[:, is_anomalous], counts[:, ~is_anomalous]
    beaten = (hits @ wins) * misses / hits.sum(axis=1, keepdims=True)  # of each normal clip: the share that beats it
    found = np.full((len(counts), len(FIGURES)), np.nan)
    found[:, 0] = beaten.sum(axis=1) / misses.sum(axis=1)
    found[:, 1] = _weighted_pauc(scores, is_anomalous, counts)
    for column, domain in ((2, "source"), (3, "target")):
        own = domains[~is_anomalous] == domain
        if own.any():
            found[:, column] = beaten[:, own].sum(axis=1) / misses[:, own].sum(axis=1)
    return found


def _weighted_pauc(scores: NDArray[Any], is_anomalous: NDArray[np.bool_], counts: Floats) -> Floats:
    """`asd_core.metrics.pauc` of clips that count (B, M) times."""
    order = np.argsort(-scores.astype(np.float64), kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # of clips of equal score
    weights = counts[:, order]
    caught = np.cumsum(weights * is_anomalous[order], axis=1)[:, ends]
    false = np.cumsum(weights * ~is_anomalous[order], axis=1)[:, ends]
    x = np.pad(false / false[:, -1:], ((0, 0), (1, 0)))
    y = np.pad(caught / caught[:, -1:], ((0, 0), (1, 0)))
    width, rise = np.diff(x, axis=1), np.diff(y, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.clip((_MAX_FPR - x[:, :-1]) / width, 0, 1)  # of each piece that lies below the limit
    share = np.where(width > 0, share, 0)
    area = (share * width * (y[:, :-1] + share * rise / 2)).sum(axis=1)
    chance = _MAX_FPR**2 / 2
    return np.asarray(0.5 * (1 + (area - chance) / (_MAX_FPR - chance)))
