"""Scores of the training normals as if they were unseen: what thresholds and p-values are taken from.

In-sample scores will not do: a clip in a memory bank is at distance 0 from itself, and a mixture of full covariances
is so near to the few clips it was fitted to that every other clip looks anomalous.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.build import new_detector
from asd_core.detectors.left_out import left_out_scores
from asd_core.detectors.protocol import Detector, DetectorConfig, Domains, Embeddings, Recordings


def unseen_scores(
    config: DetectorConfig,
    embeddings: Embeddings,
    domains: Domains,
    recordings: Recordings | None = None,
    *,
    folds: int = 5,
    seed: int = 0,
    learnt: Detector | None = None,
) -> NDArray[np.float64]:
    """The anomaly score of each training normal under a detector that did not learn from its recording.

    Leave-one-out for a detector that can do it (`LeavingOneOut`): memory banks, exactly, and Gaussian mixtures with few
    clips for their dimensions (`Gmm.leaves_one_out` says why). Otherwise, and with whitening, upsampling or
    standardised soft scoring, the detector is fitted again without each fold of the clips, the folds alike in domains.

    Segments of one recording are alike, so that a segment is only unseen where its whole recording is left out.

    Args:
        config: of the detector.
        embeddings: (N, D), the training normals.
        domains: (N,).
        recordings: (N,) the recording of each row; None: each row is a recording of its own.
        folds: of the cross-fitting; as many as recordings where there are fewer. Twice as many where recordings have
            several rows: the highest of many rows shows it more where a detector learns from fewer of them.
        seed: of the shuffle into folds.
        learnt: a detector that is fitted to these clips already, which is not fitted again.

    Returns:
        (N,) float64, same order; higher is more anomalous.

    Raises:
        AsdError: fewer than 2 recordings, or too few without a fold for the detector to be fitted.
    """
    return left_out_scores(
        lambda: new_detector(config), embeddings, domains, recordings, folds=folds, seed=seed, learnt=learnt
    )
