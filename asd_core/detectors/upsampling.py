"""Synthetic target-domain embeddings, for machines with few target clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.nearest import NearestRows
from asd_core.settings import check_choices, check_integer, check_number

Upsampling = Literal["none", "smote", "memmixup"]


def smote(targets: NDArray[np.float64], wanted: int, k: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Synthetic rows between target clips and their neighbours, (T, D) → (wanted, D).

    x + u · (neighbour − x) with x a target clip, neighbour one of its k nearest other target clips and u uniform on
    [0, 1): N. V. Chawla et al., "SMOTE: Synthetic Minority Over-sampling Technique", 2002. T must be at least 2.
    """
    neighbours, _ = NearestRows(targets).search_others(k)
    start = generator.integers(len(targets), size=wanted)
    towards = neighbours[start, generator.integers(neighbours.shape[1], size=wanted)]
    share = generator.random((wanted, 1))
    return np.asarray(targets[start] + share * (targets[towards] - targets[start]))


def memmixup(targets: NDArray[np.float64], sources: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """MemMixup of GenRep: w · target + (1 − w) · source for every pair, (T, D) and (S, D) → (T · S, D)."""
    mixed = weight * targets[:, None] + (1 - weight) * sources[None]
    return mixed.reshape(-1, targets.shape[1])


@dataclass(frozen=True)
class UpsamplingConfig:
    """The settings of a detector that say how target clips are upsampled.

    Attributes:
        target_upsampling: synthetic clips between target clips by "smote", between every target and source clip by
            "memmixup".
        target_ratio: target to source clips after "smote".
        smote_k: neighbours of a target clip that "smote" goes toward.
        memmixup_weight: of the target clip in a mixture of "memmixup".
        seed: of the random choices of "smote", and of what else is random in the detector.
    """

    target_upsampling: Upsampling = "none"
    target_ratio: float = 0.2
    smote_k: int = 2
    memmixup_weight: float = 0.9
    seed: int = 0

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        check_number("target_ratio", self.target_ratio, above=0)
        check_integer("smote_k", self.smote_k, 1)
        check_number("memmixup_weight", self.memmixup_weight, above=0, below=1)
        check_integer("seed", self.seed, 0)


def synthetic_targets(
    rows: NDArray[np.float64], is_target: NDArray[np.bool_], config: UpsamplingConfig
) -> tuple[NDArray[np.float64], list[str]]:
    """Rows to be learnt beside the real ones, (S, D), and notes on what could not be made.

    Args:
        rows: (N, D), all training clips.
        is_target: (N,).
        config: of the detector.
    """
    targets, sources = rows[is_target], rows[~is_target]
    kind, nothing = config.target_upsampling, np.empty((0, rows.shape[1]))
    if kind == "none":
        return nothing, []
    if len(targets) == 0:
        return nothing, [f"no target clips: {kind} made none"]
    if kind == "memmixup":
        return memmixup(targets, sources, config.memmixup_weight), []
    wanted = int(config.target_ratio * len(sources)) - len(targets)
    if wanted <= 0:
        return nothing, []
    if len(targets) == 1:
        return nothing, ["1 target clip: smote needs 2 to go between, it made none"]
    return smote(targets, wanted, config.smote_k, np.random.default_rng(config.seed)), []
