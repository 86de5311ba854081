import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.covariance import LedoitWolf

from asd_core.detectors.whitening import fit_whitening

ROWS = np.random.default_rng(0).normal(size=(500, 3)) @ np.array([[5.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.3, 0.1]])


def test_full_whitening_makes_the_ledoit_wolf_covariance_the_identity():
    matrix = fit_whitening(ROWS, "full").matrix
    assert_allclose(matrix @ LedoitWolf().fit(ROWS).covariance_ @ matrix, np.eye(3), atol=1e-10)


def test_half_whitening_twice_is_full_whitening():
    half = fit_whitening(ROWS, "half").matrix
    assert_allclose(half @ half, fit_whitening(ROWS, "full").matrix, rtol=1e-9, atol=1e-12)


def test_whitening_centres_on_the_mean():
    assert_allclose(fit_whitening(ROWS, "full")(ROWS).mean(axis=0), 0.0, atol=1e-10)


def test_no_whitening_changes_nothing():
    assert fit_whitening(ROWS, "none")(ROWS) is ROWS


@pytest.mark.parametrize("kind", ["half", "full"])
@pytest.mark.parametrize("total", [2, 5])
def test_fewer_clips_than_dimensions_and_constant_dimensions_stay_finite(kind, total):
    rows = np.random.default_rng(1).normal(size=(total, 12))
    rows[:, 3] = 7.0
    whitened = fit_whitening(rows, kind)(np.vstack([rows, rows + 1]))
    assert np.isfinite(whitened).all()


def test_one_clip_or_all_alike_are_not_whitened():
    assert_allclose(fit_whitening(np.ones((1, 2)), "full")(np.ones((1, 2))), 1.0)
    assert_allclose(fit_whitening(np.ones((6, 2)), "half")(np.ones((1, 2))), 1.0)
