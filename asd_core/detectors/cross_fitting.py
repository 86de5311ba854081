"""Scores of training clips as if they had not been trained on: each by a detector fitted without its fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import AsdError

Rows = NDArray[np.int64]


def stratified_folds(strata: NDArray[np.str_], folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each clip, (N,) in [0, folds): shuffled, equal in size to one clip, over all and per stratum."""
    order = np.random.default_rng(seed).permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    assigned = np.empty(len(strata), dtype=np.int64)
    assigned[order] = np.arange(len(strata)) % folds
    return assigned


def cross_fitted_scores(
    score_held_out: Callable[[Rows, Rows], NDArray[np.float64]], domains: NDArray[np.str_], *, folds: int, seed: int
) -> NDArray[np.float64]:
    """The score of each of N training clips by a detector that was fitted without it, (N,) float64.

    Args:
        score_held_out: from the rows to fit on and the rows to score, (A,) and (B,), to the scores (B,).
        domains: (N,), spread evenly over the folds.
        folds: how often to fit; as many as clips where there are fewer.
        seed: of the shuffle into folds.

    Raises:
        AsdError: one clip only.
    """
    total = len(domains)
    if total < 2:
        raise AsdError(f"{total} normal clip cannot be scored unseen: give the machine at least 2")
    fold_of = stratified_folds(domains, min(folds, total), seed)
    scores = np.empty(total)
    for fold in range(fold_of.max() + 1):
        held_out = np.flatnonzero(fold_of == fold)
        scores[held_out] = score_held_out(np.flatnonzero(fold_of != fold), held_out)
    return scores
