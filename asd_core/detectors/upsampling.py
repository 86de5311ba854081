"""Synthetic target-domain embeddings, for machines with few target clips."""

from __future__ import annotations

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.nearest import NearestRows

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


class UpsamplingConfig(Protocol):
    """The fields of a detector's configuration that say how target clips are upsampled."""

    @property
    def target_upsampling(self) -> Upsampling:
        """Between target clips by "smote", between every target and source clip by "memmixup"."""

    @property
    def target_ratio(self) -> float:
        """Target to source clips after "smote"."""

    @property
    def smote_k(self) -> int:
        """Neighbours of a target clip that "smote" goes toward."""

    @property
    def memmixup_weight(self) -> float:
        """Weight of the target clip in a mixture of "memmixup"."""

    @property
    def seed(self) -> int:
        """Seed of the random choices of "smote"."""


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
