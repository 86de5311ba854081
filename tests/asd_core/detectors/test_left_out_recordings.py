import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.detectors.gmm import Gmm, GmmConfig

RECORDINGS = np.repeat(np.arange(12), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6])


def fitted(rows, **options):
    return Gmm(GmmConfig(strict=True, **options)).fit(rows, np.full(len(rows), "source"))


def refitted_without_recordings(rows, **options):
    expected = np.empty(len(rows))
    for recording in np.unique(RECORDINGS):
        own = recording == RECORDINGS
        expected[own] = fitted(rows[~own], **options).anomaly_score(rows[own])
    return expected


@pytest.mark.parametrize("covariance", ["full", "diag"])
@pytest.mark.parametrize("score", ["max_component", "nll"])
def test_one_gaussian_less_a_recording_equals_refitting(covariance, score):
    rows = np.random.default_rng(0).normal(size=(42, 5)) * [1, 2, 3, 4, 5]
    rows += np.random.default_rng(1).normal(size=(12, 5))[RECORDINGS]
    options = {"n_components": 1, "covariance": covariance, "score": score}
    found = fitted(rows, **options).leave_one_out_scores(RECORDINGS)
    assert_allclose(found, refitted_without_recordings(rows, **options), rtol=1e-4)


@pytest.mark.parametrize("covariance", ["full", "diag"])
@pytest.mark.parametrize("score", ["max_component", "nll"])
def test_clusters_apart_less_a_recording_equal_refitting(covariance, score):
    rows = np.random.default_rng(1).normal(size=(42, 3)) + 60 * (RECORDINGS < 5)[:, None]
    options = {"covariance": covariance, "score": score}
    found = fitted(rows, **options).leave_one_out_scores(RECORDINGS)
    assert_allclose(found, refitted_without_recordings(rows, **options), rtol=1e-4)


def test_recordings_of_one_row_equal_clips_left_out():
    rows = np.random.default_rng(2).normal(size=(42, 3))
    mixture, order = fitted(rows), np.random.default_rng(3).permutation(41)
    pairs = np.append(order, 41)  # all their own
    expected = mixture.leave_one_out_scores()
    halves = np.where(np.arange(42) < 41, pairs, 0)  # one recording of two rows, the others of one
    found = mixture.leave_one_out_scores(halves)
    alone = np.bincount(halves, minlength=42)[halves] == 1
    assert_allclose(found[alone], expected[alone], rtol=1e-9)


def test_a_component_of_one_recording_is_gone_without_it():
    rows = np.vstack(
        [np.random.default_rng(3).normal(size=(36, 2)), 100 + np.random.default_rng(4).normal(size=(6, 2))]
    )
    scores = fitted(rows).leave_one_out_scores(RECORDINGS)
    assert np.isfinite(scores).all()
    assert scores[36:].min() > 1000
