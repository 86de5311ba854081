"""Transforms of embeddings: what a recipe's ``[embedding]`` does to them before a detector sees them.

A transform is fitted to a machine's normal clips, kept with its scorer as plain arrays, and applied when clips are
scored. To add a kind, write its two functions and a line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.protocol import Embeddings
from asd_core.encoders.head.arrays import class_nll, head_embeddings
from asd_core.encoders.head.stored import read_head
from asd_core.errors import AsdError
from asd_core.recipe.machine_recipe import EmbeddingConfig

Arrays = dict[str, NDArray[Any]]
Machine = tuple[str, str]
"""Machine type and machine id."""


@dataclass(frozen=True)
class TransformKind:
    """One kind of transform.

    Attributes:
        fit: embeddings (N, D) of a machine's normal clips → the arrays that `apply` needs.
        apply: embeddings (N, D) and those arrays → (N, E), float32 as they were or float64.
    """

    fit: Callable[[NDArray[np.float32], EmbeddingConfig, Machine], Arrays]
    apply: Callable[[NDArray[np.float32], Arrays], Embeddings]


def fit_transform(embeddings: NDArray[np.float32], config: EmbeddingConfig, machine: Machine) -> Arrays:
    """All that a transform must know to be applied to a machine's clips, (N, D) of its normal ones.

    Raises:
        AsdError: embeddings that it cannot take, or a head that is gone or knows no such machine.
    """
    return KINDS[config.transform].fit(embeddings, config, machine)


def transformed(embeddings: NDArray[np.float32], arrays: Arrays, config: EmbeddingConfig) -> Embeddings:
    """Apply a transform that `fit_transform` has fitted: (N, D) → (N, E)."""
    return KINDS[config.transform].apply(embeddings, arrays)


def _fit_zscore(embeddings: NDArray[np.float32], config: EmbeddingConfig, machine: Machine) -> Arrays:
    if np.any(embeddings < 0):
        raise AsdError(f'log-zscore takes powers, but an embedding holds {embeddings.min()}; take transform = "none"')
    logarithms = np.log(embeddings.astype(np.float64) + 1e-12)
    # A dimension that never varied says nothing about normal sound; a deviation of 1 leaves it as it is. Its computed
    # deviation need not be 0: the mean is rounded, and dividing by what that leaves would drown all other dimensions.
    varies = logarithms.min(axis=0) < logarithms.max(axis=0)
    return {"mean": logarithms.mean(axis=0), "deviation": np.where(varies, logarithms.std(axis=0), 1.0)}


def _apply_zscore(embeddings: NDArray[np.float32], arrays: Arrays) -> Embeddings:
    logarithms = np.log(np.maximum(embeddings.astype(np.float64), 0) + 1e-12)
    return np.asarray((logarithms - arrays["mean"]) / arrays["deviation"])


def _fit_head(embeddings: NDArray[np.float32], config: EmbeddingConfig, machine: Machine) -> Arrays:
    head = read_head(config.head, *machine)
    if not config.class_nll:
        return {name: array for name, array in head.arrays.items() if name not in ("centres", "scale", "classes")}
    if not head.own_classes:
        raise AsdError(
            f"the head {config.head} has no class of {machine[0]} {machine[1]}: train it again with clips of this "
            "machine, or take a detector that needs no class"
        )
    return {**head.arrays, "own_classes": np.array(head.own_classes, np.int64)}


def _apply_head(embeddings: NDArray[np.float32], arrays: Arrays) -> Embeddings:
    own = head_embeddings(arrays, embeddings)
    if "own_classes" not in arrays:
        return own
    return np.column_stack([class_nll(arrays, own, arrays["own_classes"]), own])


KINDS = {
    "none": TransformKind(lambda embeddings, config, machine: {}, lambda embeddings, arrays: embeddings),
    "log-zscore": TransformKind(_fit_zscore, _apply_zscore),
    "head": TransformKind(_fit_head, _apply_head),
}
