"""Whitening: embeddings turned so that every direction of the normal clips varies alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.ledoit_wolf import shrunk_covariance
from asd_core.detectors.protocol import State

WhiteningKind = Literal["none", "half", "full"]


@dataclass(frozen=True)
class Whitening:
    """An affine map of embeddings, fitted on the normal clips of one machine.

    Attributes:
        mean: (D,), or (0,) where nothing is changed.
        matrix: (D, D) symmetric: eigenvectors of the covariance, eigenvalues to the power −1/2 or −1/4; or (0, 0).
    """

    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def __call__(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, D) → (N, D) float64."""
        return (rows - self.mean) @ self.matrix if len(self.mean) else rows

    def state(self) -> State:
        """The mean and the matrix by name."""
        return {"whitening_mean": self.mean, "whitening_matrix": self.matrix}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The whitening whose `state` this is."""
        return cls(state["whitening_mean"], state["whitening_matrix"])


NO_WHITENING = Whitening(np.empty(0), np.empty((0, 0)))
"""Changes nothing."""


def fit_whitening(rows: NDArray[np.float64], kind: WhiteningKind) -> Whitening:
    """Fit the whitening of normal clips, (N, D).

    The covariance is that of Ledoit and Wolf (2004), a shrinkage toward a multiple of the identity, so that it has
    full rank with fewer clips than dimensions. "full" takes its eigenvalues to the power −1/2 (unit variance in every
    direction), "half" to −1/4, "none" is the identity. One clip, or all the same, has no covariance: the identity.
    """
    spread = np.ptp(rows, axis=0).max() if len(rows) else 0.0
    if kind == "none" or spread == 0:
        return NO_WHITENING
    mean = rows.mean(axis=0)
    values, vectors = np.linalg.eigh(shrunk_covariance(rows - mean))
    values = np.maximum(values, values[-1] * len(values) * np.finfo(np.float64).eps)
    power = -0.25 if kind == "half" else -0.5
    return Whitening(np.asarray(mean), (vectors * values**power) @ vectors.T)
