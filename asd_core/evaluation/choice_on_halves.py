"""The worth of a choice on clips it never saw: settings are chosen on half A of the clips and judged on half B.

Scores need no labels, so every setting is scored once on all clips. A split then says which labels the choice may see
(half A) and which it is judged by (half B).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.bootstrap import JudgedClips, weighted_figures
from asd_core.evaluation.objectives import FIGURES


@dataclass(frozen=True)
class HalfChoices:
    """Mean AUC over machines on half B, (splits,) for each way to choose.

    Attributes:
        plain: of a fixed setting, chosen by nobody.
        for_all: of the one setting with the highest mean AUC on half A of all machines.
        by_type: of the best setting of each machine type.
        by_machine: of the best setting of each machine.
    """

    plain: NDArray[np.float64]
    for_all: NDArray[np.float64]
    by_type: NDArray[np.float64]
    by_machine: NDArray[np.float64]


def choose_on_halves(machines: Sequence[JudgedClips], plain: int, splits: int) -> HalfChoices:
    """Choose settings on half A and judge them on half B, for several splits of each machine's clips.

    Args:
        machines: with scores under the same settings.
        plain: index of the fixed setting.
        splits: number of splits.
    """
    in_a = [half_of_each_condition(machine.is_anomalous, splits, seed) for seed, machine in enumerate(machines)]
    on_a = np.stack([aucs_on(machine, half) for machine, half in zip(machines, in_a, strict=True)])
    on_b = np.stack([aucs_on(machine, ~half) for machine, half in zip(machines, in_a, strict=True)])
    types = np.array([machine.machine_type for machine in machines])
    by_type = {name: best_on(on_a[types == name]) for name in sorted(set(types))}
    each = np.arange(splits)
    return HalfChoices(
        plain=on_b[:, plain].mean(axis=0),
        for_all=on_b[:, best_on(on_a), each].mean(axis=0),
        by_type=np.mean([b[by_type[name], each] for b, name in zip(on_b, types, strict=True)], axis=0),
        by_machine=np.mean([b[best_on(a[None]), each] for a, b in zip(on_a, on_b, strict=True)], axis=0),
    )


def half_of_each_condition(is_anomalous: NDArray[np.bool_], splits: int, seed: int) -> NDArray[np.bool_]:
    """Masks of the clips in half A of each split, (splits, M): half of the normal and half of the anomalous clips."""
    in_a = np.zeros((splits, len(is_anomalous)), bool)
    rng = np.random.default_rng(seed)
    for row in in_a:
        for condition in (False, True):
            members = rng.permutation(np.flatnonzero(is_anomalous == condition))
            row[members[: len(members) // 2]] = True
    return in_a


def aucs_on(clips: JudgedClips, halves: NDArray[np.bool_]) -> NDArray[np.float64]:
    """AUC of every setting on the clips of each mask, (splits, M) → (S, splits)."""
    counts, auc = halves.T.astype(np.float64), FIGURES.index("auc")
    figures = [weighted_figures(scores, clips.is_anomalous, clips.domains, counts) for scores in clips.scores]
    return np.stack(figures)[:, :, auc]


def best_on(aucs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Index of the setting with the highest mean AUC over machines, (machines, S, splits) → (splits,)."""
    return np.asarray(aucs.mean(axis=0).argmax(axis=0))
