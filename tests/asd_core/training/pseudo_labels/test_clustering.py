import numpy as np
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold

from asd_core.training.pseudo_labels.clustering import Clusters, bic, clusters_of
from asd_core.training.pseudo_labels.clustering import _fitted as fitted


def blobs(sizes=(40, 30, 20), seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    centres = 8 * np.array([[0, 0], [1, 0], [0, 1]])
    points = np.concatenate([rng.normal(c, spread, (n, 2)) for c, n in zip(centres, sizes, strict=False)])
    return rng.permutation(points)


def scikit(points, count):
    return GaussianMixture(count, random_state=0).fit(points)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_bic_is_scikit_learns_on_points_fitted_to_and_on_others(count):
    points, others = blobs(), blobs(seed=0, sizes=(5, 5, 5))
    ours, twin = fitted(points, count, 0), scikit(points, count)
    for some in (points, others):
        assert bic(some, ours) == pytest.approx(twin.bic(some), rel=1e-6)


def test_bic_of_one_gaussian_in_closed_form():
    points = blobs()
    covariance = np.cov(points.T, bias=True) + 1e-6 * np.eye(2)
    centred = points - points.mean(axis=0)
    squares = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(covariance), centred)
    likelihood = -0.5 * (squares + np.log(np.linalg.det(2 * np.pi * covariance))).sum()
    assert bic(points, fitted(points, 1, 0)) == pytest.approx(-2 * likelihood + 5 * np.log(len(points)))


def test_the_fitted_rule_takes_the_least_bic_and_labels_as_scikit_learn():
    points = blobs()
    twins = [scikit(points, count) for count in range(1, 9)]
    found = clusters_of(points, 8)
    assert found.count == np.argmin([twin.bic(points) for twin in twins]) + 1 == 3
    assert np.array_equal(found.labels, twins[2].predict(points))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_held_out_rule_is_a_grid_search_over_unshuffled_folds(seed):
    points = blobs(seed=seed, spread=2.5)
    grid = {"n_components": range(1, 5)}
    twin = GridSearchCV(
        GaussianMixture(random_state=0), grid, scoring=lambda model, rows: -model.bic(rows), cv=KFold(5)
    ).fit(points)
    found = clusters_of(points, 4, "held-out")
    assert found.criteria == pytest.approx(-twin.cv_results_["mean_test_score"], rel=1e-6)
    assert found.count == twin.best_params_["n_components"]


def test_the_two_rules_can_disagree():
    points = np.random.default_rng(1).uniform(0, 1, (150, 2)) ** 3
    assert clusters_of(points, 8).count > clusters_of(points, 8, "held-out").count


@pytest.mark.parametrize("rule", ["fitted", "held-out"])
@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_few_points_have_few_clusters(rule, count):
    points = blobs(sizes=(count,))
    found = clusters_of(points, 16, rule)
    assert len(found.labels) == count and found.count <= count


def test_equal_points_are_one_cluster():
    assert set(clusters_of(np.ones((20, 2)), 16).labels) == {0}


def test_the_same_points_have_the_same_clusters():
    one, other = (clusters_of(blobs(), 16) for _ in range(2))
    assert isinstance(one, Clusters) and np.array_equal(one.labels, other.labels)
