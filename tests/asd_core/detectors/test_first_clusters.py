import warnings

import numpy as np
import pytest
from sklearn.cluster import KMeans

from asd_core.detectors.first_clusters import cluster_labels


def theirs(rows, count, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KMeans(count, n_init=1, random_state=seed).fit(rows).labels_


@pytest.mark.parametrize("seed", range(12))
def test_clusters_are_those_of_scikit_learn_for_the_same_seed(seed):
    random = np.random.default_rng(seed)
    total, dim, count = int(random.integers(3, 400)), int(random.integers(1, 130)), int(random.integers(1, 17))
    rows = random.normal(random.normal(0, 3), random.uniform(0.1, 5), (total, dim)) + random.integers(0, 3, (total, 1))
    assert np.array_equal(cluster_labels(rows, min(count, total), seed), theirs(rows, min(count, total), seed))


@pytest.mark.parametrize("seed", range(6))
def test_rows_that_stand_more_than_once_are_clustered_as_theirs_too(seed):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(12, 5))[random.integers(0, 12, 60)]
    for count in (2, 5, 12, 20):
        assert np.array_equal(cluster_labels(rows, count, seed), theirs(rows, count, seed))


def test_blobs_far_apart_are_the_clusters():
    rows = np.repeat(np.eye(3) * 100, 10, axis=0) + np.random.default_rng(0).normal(size=(30, 3))
    labels = cluster_labels(rows, 3, seed=0)
    assert len({tuple(labels[start : start + 10]) for start in (0, 10, 20)}) == 3 == len(set(labels))


def test_fewer_rows_than_clusters_are_refused():
    with pytest.raises(ValueError, match="2 rows cannot be 3 clusters"):
        cluster_labels(np.zeros((2, 4)), 3, seed=0)
