"""Scores of training clips by detectors to which nothing of their group was fitted: a night, a session, a machine.

Clips of a group are alike, so that one that is left out alone has its near copies to be compared with. A whole group is
left out exactly where the detector can (a memory bank less all rows of the group, its densities too), and by folds of
whole groups where it is fitted again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.build import new_detector
from asd_core.detectors.cross_fitting import Rows, cross_fitted_scores
from asd_core.detectors.groups import Grouped
from asd_core.detectors.protocol import Detector, DetectorConfig, Domains, Embeddings, Recordings, fitted
from asd_core.detectors.unseen import unseen_scores

_FOLDS = 10


def scores_without_groups(
    config: DetectorConfig, detector: Detector, embeddings: Embeddings, domains: Domains, groups: Recordings
) -> NDArray[np.float64]:
    """The score of each training row by the detector less all rows of its group, (N,) float64.

    Args:
        config: of the detector.
        detector: fitted to just these rows.
        embeddings: (N, D), transformed.
        domains: (N,).
        groups: (N,) number of the group of each row, two groups at least.

    Raises:
        AsdError: too few rows without a group for the detector to be fitted.
    """
    if _leaks(getattr(config, "detector", config), domains, groups):

        def score_held_out(kept: Rows, held_out: Rows) -> NDArray[np.float64]:
            return fitted(new_detector(config), embeddings[kept], domains[kept]).anomaly_score(embeddings[held_out])

        return cross_fitted_scores(score_held_out, domains, groups, folds=_FOLDS, seed=0)
    if isinstance(detector, Grouped):
        return detector.scores_without(embeddings, domains, groups)
    return unseen_scores(config, embeddings, domains, groups, folds=_FOLDS // 2, learnt=detector)  # which is doubled


def _leaks(config: object, domains: Domains, groups: Recordings) -> bool:
    """True for soft scoring of groups of both domains: it takes a group from one side, and the other side knows it."""
    is_target = np.asarray(domains) == "target"
    has_both = bool(np.intersect1d(groups[is_target], groups[~is_target]).size)
    return has_both and getattr(config, "soft_scoring", "none") != "none"
