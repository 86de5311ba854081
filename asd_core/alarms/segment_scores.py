"""A recording's score from the scores of its segments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.settings import check_choices, check_number


@dataclass(frozen=True)
class ScoreConfig:
    """A recipe's ``[score]``: how the scores of a recording's segments become the score of the recording.

    Attributes:
        over: ``max`` takes the highest, so that a short fault counts in full; ``mean`` averages them all; ``top``
            averages the highest few.
        top_share: for ``top``: the share of the segments that are averaged, at least one segment.
    """

    over: Literal["max", "mean", "top"] = "max"
    top_share: float = 0.2

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        check_number("top_share", self.top_share, above=0, below=1)


def over_segments(scores: NDArray[np.float64], config: ScoreConfig) -> NDArray[np.float64]:
    """The scores of recordings of n segments each, (..., n) → (...)."""
    if scores.shape[-1] == 1:
        return scores[..., 0]
    match config.over:
        case "max":
            return np.asarray(scores.max(axis=-1))
        case "mean":
            return np.asarray(scores.mean(axis=-1))
    taken = top_count(scores.shape[-1], config.top_share)
    highest = np.partition(scores, scores.shape[-1] - taken, axis=-1)[..., -taken:]
    return np.asarray(highest.mean(axis=-1))


def top_count(segments: int, share: float) -> int:
    """How many of a recording's segments ``top`` averages: the share, rounded up."""
    # Rounded first, or a fifth of five segments would be a little more than one.
    return max(1, math.ceil(round(segments * share, 9)))
