"""Scores of training clips as if they had not been trained on: each by a detector fitted without its fold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.protocol import Recordings
from asd_core.errors import AsdError

Rows = NDArray[np.int64]


def stratified_folds(strata: NDArray[np.str_], folds: int, seed: int) -> NDArray[np.int64]:
    """The fold of each clip, (N,) in [0, folds): shuffled, equal in size to one clip, over all and per stratum."""
    order = np.random.default_rng(seed).permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    assigned = np.empty(len(strata), dtype=np.int64)
    assigned[order] = np.arange(len(strata)) % folds
    return assigned


def folds_of_recordings(
    domains: NDArray[np.str_], recordings: Recordings | None, folds: int, seed: int
) -> NDArray[np.int64]:
    """The fold of each row, (N,): whole recordings, of the domain of their first row, dealt by `stratified_folds`."""
    if recordings is None:
        return stratified_folds(domains, folds, seed)
    _, first, number = np.unique(recordings, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))  # recordings in the order of their first rows
    of_recording = stratified_folds(domains[np.sort(first)], folds, seed)
    return np.asarray(of_recording[rank[number]])


def cross_fitted_scores(
    score_held_out: Callable[[Rows, Rows], NDArray[np.float64]],
    domains: NDArray[np.str_],
    recordings: Recordings | None = None,
    *,
    folds: int,
    seed: int,
) -> NDArray[np.float64]:
    """The score of each of N training rows by a detector that was fitted without its recording, (N,) float64.

    Args:
        score_held_out: from the rows to fit on and the rows to score, (A,) and (B,), to the scores (B,).
        domains: (N,), spread evenly over the folds.
        recordings: (N,) the recording of each row, which is held out whole; None: each row is one of its own.
        folds: how often to fit; as many as recordings where there are fewer.
        seed: of the shuffle into folds.

    Raises:
        AsdError: one recording only.
    """
    total = len(domains) if recordings is None else len(np.unique(recordings))
    if total < 2:
        raise AsdError(f"{total} normal clip cannot be scored unseen: give the machine at least 2")
    fold_of = folds_of_recordings(domains, recordings, min(folds, total), seed)
    scores = np.empty(len(domains))
    for fold in range(fold_of.max() + 1):
        held_out = np.flatnonzero(fold_of == fold)
        scores[held_out] = score_held_out(np.flatnonzero(fold_of != fold), held_out)
    return scores
