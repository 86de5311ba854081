"""The share of normal clips that a threshold flags, estimated from the scores that it is taken from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold


def cross_validated_false_alarm_rate(unseen: NDArray[np.float64], config: ThresholdConfig, folds: int = 5) -> float:
    """Share of unseen normal scores above a threshold set on the other folds: what to expect of the real one.

    The folds are runs of neighbours, so that nights unlike the others count. Folds that are spread evenly over the
    ranks of the scores would give the same share whatever the scores.

    Args:
        unseen: (N,) scores of the training normals as if unseen, in the order of their names, which is that of time.
        config: the rule of the threshold.
        folds: how many.

    Returns:
        In [0, 1]; NaN where there are fewer than two clips a fold.
    """
    if len(unseen) < 2 * folds:
        return float("nan")
    flagged = 0
    for held_out in np.array_split(np.arange(len(unseen)), folds):
        threshold = decision_threshold(np.delete(unseen, held_out), config)
        flagged += int(np.sum(unseen[held_out] > threshold.value))
    return flagged / len(unseen)
