"""Conformal p-values of anomaly scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.thresholds import checked_unseen
from asd_core.errors import AsdError


def p_values(scores: NDArray[np.float64], unseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of unseen normal scores at least as high, (1 + #) / (1 + N): conformal p-values, (M,) in (0, 1].

    For a normal clip exchangeable with the N unseen ones, a p-value is at most p with probability at most p.

    Args:
        scores: (M,) anomaly scores of the clips in question.
        unseen: (N,) anomaly scores of normal clips not seen in fitting.

    Raises:
        AsdError: no unseen scores, or scores that are not finite.
    """
    ordered = np.sort(checked_unseen(unseen))
    if not np.isfinite(scores).all():
        raise AsdError(f"{np.count_nonzero(~np.isfinite(scores))} anomaly scores are not finite: leave these clips out")
    at_least = len(ordered) - np.searchsorted(ordered, scores, side="left")
    return np.asarray((1 + at_least) / (1 + len(ordered)), dtype=np.float64)


def smallest_p(normals: int) -> float:
    """The smallest conformal p-value that so many unseen normal scores allow, 1 / (1 + N)."""
    return 1 / (1 + normals)
