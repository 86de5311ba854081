import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.detectors.gmm import Gmm, GmmConfig


def fitted(rows, **options):
    return Gmm(GmmConfig(strict=True, **options)).fit(rows, np.full(len(rows), "source"))


def refitted_without_each(rows, **options):
    return [fitted(np.delete(rows, i, axis=0), **options).anomaly_score(rows[i : i + 1])[0] for i in range(len(rows))]


@pytest.mark.parametrize("covariance", ["full", "diag"])
@pytest.mark.parametrize("score", ["max_component", "nll"])
def test_one_gaussian_less_a_clip_equals_refitting(covariance, score):
    rows = np.random.default_rng(0).normal(size=(30, 5)) * [1, 2, 3, 4, 5]
    options = {"n_components": 1, "covariance": covariance, "score": score}
    assert_allclose(fitted(rows, **options).leave_one_out_scores(), refitted_without_each(rows, **options), rtol=1e-4)


@pytest.mark.parametrize("covariance", ["full", "diag"])
@pytest.mark.parametrize("score", ["max_component", "nll"])
def test_clusters_apart_less_a_clip_equal_refitting(covariance, score):
    generator = np.random.default_rng(1)
    rows = np.vstack([generator.normal(size=(25, 3)), 50 + 2 * generator.normal(size=(15, 3))])
    options = {"covariance": covariance, "score": score}
    assert_allclose(fitted(rows, **options).leave_one_out_scores(), refitted_without_each(rows, **options), rtol=1e-4)


def test_fewer_clips_than_dimensions_less_a_clip_equal_refitting():
    rows = np.random.default_rng(2).normal(size=(12, 20))
    expected = refitted_without_each(rows, n_components=1)
    # The ridge of 1e-6 decides these scores, and it is scaled along by 12 / 11.
    assert_allclose(fitted(rows, n_components=1).leave_one_out_scores(), expected, rtol=0.1)


def test_a_component_of_one_clip_is_gone_without_it():
    rows = np.vstack([np.random.default_rng(3).normal(size=(20, 2)), [[100.0, 100.0]]])
    scores = fitted(rows).leave_one_out_scores()
    assert np.isfinite(scores).all()
    assert scores[20] > 1000
