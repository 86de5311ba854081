"""Scores of several groups on one scale: in deviations from the mean of each group's unseen normal scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.protocol import Recordings, State

Floats = NDArray[np.float64]

_ROUNDING = 1e-9  # of the largest score: what sums of equal numbers may differ by


@dataclass(frozen=True)
class Standard:
    """A mean and a deviation for each of G groups.

    Attributes:
        location: (G,) mean of a group's unseen scores.
        scale: (G,) their population deviation, > 0; that of the widest other group where they are all alike, and 1
            where those of all groups are.
        varies: (G,) false where a group's unseen scores are all alike.
    """

    location: Floats
    scale: Floats
    varies: NDArray[np.bool_]

    def __call__(self, scores: Floats) -> Floats:
        """(M, G) → (M, G)."""
        return np.asarray((scores - self.location) / self.scale)

    def state(self) -> State:
        """The means and deviations by name."""
        return {"location": self.location, "scale": self.scale, "varies": self.varies}

    @classmethod
    def from_state(cls, state: State) -> Self:
        """The standard whose `state` this is."""
        return cls(state["location"], state["scale"], state["varies"])


def fit_standard(unseen: Floats) -> Standard:
    """The standard of groups' unseen normal scores, (N, G)."""
    deviation = unseen.std(axis=0)
    varies = deviation > _ROUNDING * np.abs(unseen).max(axis=0)
    scale = np.where(varies, deviation, deviation[varies].max() if varies.any() else 1.0)
    return Standard(unseen.mean(axis=0), scale, varies)


def standardised_unseen(unseen: Floats, recordings: Recordings | None = None) -> Floats:
    """Unseen scores (N, G), as the scores of clips to come would be standardised, (N, G).

    A clip to come is judged by the mean and deviation of N scores, its own not among them. For a training clip the
    deviation of N scores holds its own, which makes an outlier look near; that of the N − 1 others lacks one, which
    makes it look far. With ten clips and three groups a threshold at the largest score flags 14 % and 5 % of normal
    clips, where 9 % are asked for. Variances half way between flag 8 %, with 20 and 50 clips 9 %.

    Args:
        unseen: (N, G).
        recordings: (N,) the recording of each row, left out whole; None: each row is a recording of its own.
    """
    whole = fit_standard(unseen)
    number = np.arange(len(unseen)) if recordings is None else np.unique(recordings, return_inverse=True)[1]
    others = (len(unseen) - np.bincount(number))[:, None]
    if not others.all():  # one recording holds all rows
        return whole(unseen)
    centred = (unseen - whole.location) / whole.scale
    total, squares = _sums(centred, number), _sums(centred**2, number)
    mean = (total.sum(axis=0) - total) / others
    variance = (squares.sum(axis=0) - squares) / others - mean**2
    return np.asarray((centred - mean[number]) / np.sqrt((1 + np.maximum(variance[number], 0)) / 2))


def _sums(values: Floats, number: NDArray[np.int64]) -> Floats:
    """Sums of the rows of each number, (N, G) and (N,) → (C, G)."""
    found = np.zeros((int(number.max()) + 1, values.shape[1]))
    np.add.at(found, number, values)
    return found
