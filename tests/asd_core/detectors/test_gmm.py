import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.errors import AsdError, UsageError


def fitted(rows, **options):
    return Gmm(GmmConfig(**options)).fit(rows, np.full(len(rows), "source"))


def two_clusters(total=4000):
    generator = np.random.default_rng(0)
    first = generator.multivariate_normal([-4.0, 0.0], [[1.0, 0.6], [0.6, 2.0]], size=3 * total // 4)
    second = generator.multivariate_normal([5.0, 1.0], [[0.5, 0.0], [0.0, 0.1]], size=total // 4)
    return np.vstack([first, second])


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_the_parameters_of_a_known_mixture_are_recovered(covariance):
    state = fitted(two_clusters(), covariance=covariance).state()
    order = np.argsort(state["means"][:, 0])
    assert_allclose(state["means"][order], [[-4.0, 0.0], [5.0, 1.0]], atol=0.1)
    assert_allclose(np.exp(state["log_weights"][order]), [0.75, 0.25], atol=0.01)
    factors = state["precisions_cholesky"][order]
    if covariance == "full":
        assert_allclose(np.linalg.inv(factors[0] @ factors[0].T), [[1.0, 0.6], [0.6, 2.0]], atol=0.15)
    else:
        assert_allclose(factors**-2.0, [[1.0, 2.0], [0.5, 0.1]], atol=0.15)


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_scores_equal_the_densities_of_scipy_and_scikit_learn(covariance):
    rows, queries = two_clusters(400), np.random.default_rng(1).normal(scale=5, size=(50, 2))
    options = {"covariance_type": covariance, "tol": 1e-6, "random_state": 0}
    reference = GaussianMixture(2, **options).fit(rows)
    covariances = reference.covariances_ if covariance == "full" else [np.diag(d) for d in reference.covariances_]
    densities = [multivariate_normal(m, c).logpdf(queries) for m, c in zip(reference.means_, covariances, strict=True)]
    assert_allclose(fitted(rows, covariance=covariance).anomaly_score(queries), -np.max(densities, axis=0), rtol=1e-10)
    nll = fitted(rows, covariance=covariance, score="nll").anomaly_score(queries)
    assert_allclose(nll, -reference.score_samples(queries), rtol=1e-10)


def handmade(score):
    state = {
        "rows": np.zeros((1, 1)),
        "log_weights": np.log([0.99, 0.01]),
        "means": np.array([[0.0], [3.0]]),
        "precisions_cholesky": np.ones((2, 1, 1)),
        "notes": np.empty(0, dtype=np.str_),
    }
    return Gmm.from_state(GmmConfig(score=score), state)


def test_the_largest_component_is_chosen_without_weights():
    # 1.6 is nearer to the mean at 3, whose weight of .01 would give the clip to the one at 0.
    assert_allclose(handmade("max_component").anomaly_score([[1.6]]), [0.5 * np.log(2 * np.pi) + 0.5 * 1.4**2])
    mixture = 0.99 * np.exp(-0.5 * 1.6**2) + 0.01 * np.exp(-0.5 * 1.4**2)
    assert_allclose(handmade("nll").anomaly_score([[1.6]]), [0.5 * np.log(2 * np.pi) - np.log(mixture)])


def test_a_strict_mixture_of_one_component_is_the_empirical_gaussian():
    rows, queries = np.random.default_rng(0).normal(size=(2, 30, 20))
    covariance = np.cov(rows.T, bias=True) + 1e-6 * np.eye(20)
    expected = -multivariate_normal(rows.mean(axis=0), covariance).logpdf(queries)
    assert_allclose(fitted(rows, n_components=1, strict=True).anomaly_score(queries), expected, rtol=1e-6)


def test_too_few_clips_are_met_by_shrinkage_and_fewer_components_with_the_numbers():
    rows = np.random.default_rng(0).normal(size=(120, 40))
    detector = fitted(rows)
    assert len(detector.state()["means"]) == 2
    assert detector.notes_[0].startswith("120 normal clips for 2 full covariances of 40 dimensions: shrunk by ")
    detector = fitted(rows[:70])
    assert len(detector.state()["means"]) == 1
    assert detector.notes_[0] == "70 normal clips for n_components = 2: fitted 1, 100 clips are needed for 2"
    assert fitted(rows[:70], strict=True).notes_ == []
    assert fitted(np.vstack([rows, rows + 1])).notes_ == []  # 240 clips: more than 2 · 40 for each of 2 components


def test_shrinkage_has_the_effect_that_ledoit_and_wolf_ask_for():
    rows = np.random.default_rng(0).normal(size=(30, 20)) * np.linspace(0.1, 3, 20)
    factor = fitted(rows, n_components=1).state()["precisions_cholesky"][0]
    from sklearn.covariance import LedoitWolf

    ratio = np.linalg.inv(factor @ factor.T) / LedoitWolf().fit(rows).covariance_
    assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


@pytest.mark.parametrize("total", [2, 3, 5, 20, 60])
def test_unseen_normals_score_like_training_ones_however_few_the_clips(total):
    generator = np.random.default_rng(total)
    mixing = generator.normal(size=(64, 64)) * np.linspace(3, 0.05, 64)[:, None]
    rows, unseen = generator.normal(size=(total, 64)) @ mixing, generator.normal(size=(100, 64)) @ mixing
    shrunk, strict = fitted(rows), fitted(rows, n_components=1, strict=True)
    excess = np.median(shrunk.anomaly_score(unseen)) - np.median(shrunk.anomaly_score(rows))
    blown_up = np.median(strict.anomaly_score(unseen)) - np.median(strict.anomaly_score(rows))
    assert excess < 64 * 20
    assert blown_up > 1e5


def test_em_cut_short_is_noted():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    assert fitted(rows, max_iter=1).notes_ == ["EM had not converged after max_iter = 1 steps"]


def test_a_mixture_that_cannot_be_fitted_says_what_to_do():
    with pytest.raises(AsdError, match="lower n_components"):
        fitted(np.zeros((3, 2)), n_components=4, strict=True)
    with pytest.raises(AsdError, match="1 normal clip has no spread: give the machine at least 2"):
        fitted(np.zeros((1, 2)))
    with pytest.raises(AsdError, match="call fit first"):
        Gmm(GmmConfig()).anomaly_score(np.zeros((1, 2)))


def test_duplicate_clips_can_be_fitted():
    assert np.isfinite(fitted(np.ones((40, 3))).anomaly_score(np.zeros((1, 3)))).all()


def test_a_wrong_option_is_refused():
    with pytest.raises(UsageError, match="covariance = 'spherical': must be one of 'full', 'diag'"):
        GmmConfig(covariance="spherical")
    with pytest.raises(UsageError, match="reg_covar = 0: must be a number above 0"):
        GmmConfig(reg_covar=0)
