import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from asd_core.detectors.em import fit_full_covariances
from asd_core.detectors.gmm import Gmm, GmmConfig


def clips(total, dim, clusters, seed=0):
    """Overlapping clusters of high level and uneven spread, and one dimension that never varies."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(total, dim)) @ rng.normal(size=(dim, dim)) * np.linspace(0.05, 1, dim)
    rows += rng.normal(size=(clusters, dim))[rng.integers(clusters, size=total)] - 50
    rows[:, -1] = -100.0
    return rows


SMALL = [(total, dim, n_components) for total, dim in ((300, 4), (300, 24)) for n_components in (1, 2, 4, 8)]
LARGE = [(1000, 128, n_components) for n_components in (1, 4, 8)]


@pytest.mark.parametrize(
    ("total", "dim", "n_components"),
    [*SMALL, (1000, 128, 2), *(pytest.param(*case, marks=pytest.mark.slow) for case in LARGE)],
)
def test_the_mixture_is_scikit_learns_for_the_same_seed(total, dim, n_components):
    rows, queries = clips(total, dim, 3), clips(50, dim, 3, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        reference = GaussianMixture(n_components, tol=1e-6, max_iter=30, random_state=5).fit(rows)
    config = GmmConfig(n_components=n_components, max_iter=30, strict=True, score="nll", seed=5)
    detector = Gmm(config).fit(rows, np.full(total, "source"))
    assert_allclose(detector.anomaly_score(queries), -reference.score_samples(queries), rtol=1e-6)
    assert_allclose(detector.state()["means"], reference.means_, rtol=1e-9)
    assert (detector.notes_ == []) == reference.converged_


def test_one_component_needs_no_steps():
    rows = clips(200, 6, 2)
    mixture = fit_full_covariances(rows, np.zeros(200, int), 1, reg_covar=1e-6, tol=1e-6, max_iter=100)
    factor = mixture.precisions_cholesky[0]
    assert_allclose(mixture.means[0], rows.mean(axis=0))
    assert_allclose(np.linalg.inv(factor @ factor.T), np.cov(rows.T, bias=True) + 1e-6 * np.eye(6), atol=1e-9)
    assert_allclose(np.tril(factor, -1), 0)


def test_a_component_that_loses_its_clips_keeps_a_ridge():
    rows = np.repeat(np.arange(3.0), 4)[:, None] * np.ones((1, 2))
    mixture = fit_full_covariances(rows, np.repeat([0, 1, 1], 4), 3, reg_covar=1e-3, tol=1e-6, max_iter=10)
    assert np.isfinite(mixture.precisions_cholesky).all()
    assert_allclose(mixture.weights.sum(), 1)
