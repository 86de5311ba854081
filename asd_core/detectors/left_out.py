"""Scores of training normals by detectors that never saw them, for any detector that can be made anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_normals
from asd_core.detectors.cross_fitting import Rows, cross_fitted_scores
from asd_core.detectors.protocol import (
    Detector,
    Domains,
    Embeddings,
    LeavingOneOut,
    Recordings,
    fitted,
    leaving_one_out,
    several_rows,
)


def left_out_scores(
    new: Callable[[], Detector],
    embeddings: Embeddings,
    domains: Domains,
    recordings: Recordings | None = None,
    *,
    folds: int = 5,
    seed: int = 0,
    learnt: Detector | None = None,
) -> NDArray[np.float64]:
    """See `asd_core.detectors.unseen.unseen_scores`; ``new`` makes a detector that is not yet fitted."""
    rows, _ = checked_normals(embeddings, domains)
    recordings = several_rows(recordings, len(rows))
    detector = leaving_one_out(learnt if learnt is not None else new())
    if detector is not None:
        if learnt is None:
            fitted(detector, rows, domains, recordings)
        if detector.leaves_one_out and _can_leave_out(detector, recordings):
            return detector.leave_one_out_scores(recordings)
    labels = np.asarray(domains)

    def score_held_out(kept: Rows, held_out: Rows) -> NDArray[np.float64]:
        of_kept = None if recordings is None else recordings[kept]
        return fitted(new(), rows[kept], labels[kept], of_kept).anomaly_score(rows[held_out])

    folds = folds if recordings is None else 2 * folds
    return cross_fitted_scores(score_held_out, labels, recordings, folds=folds, seed=seed)


def _can_leave_out(detector: LeavingOneOut, recordings: Recordings | None) -> bool:
    """False for a class of a user's own that leaves out a row, but not a recording of several."""
    return recordings is None or getattr(detector, "leaves_recordings_out", True)
