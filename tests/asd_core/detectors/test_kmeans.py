import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.cluster import KMeans as ScikitKMeans

from asd_core.detectors.kmeans import KMeans, KMeansConfig
from asd_core.errors import AsdError, UsageError

GENERATOR = np.random.default_rng(0)
ROWS, QUERIES = GENERATOR.normal(size=(80, 6)), GENERATOR.normal(size=(25, 6))
DOMAINS = np.where(np.arange(80) < 72, "source", "target")


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def centroids_twin(points):
    return ScikitKMeans(16, n_init=10, random_state=0).fit(points).cluster_centers_


@pytest.mark.parametrize("renormalise", [False, True])
def test_cosine_scores_equal_one_minus_the_best_centroid_or_target(renormalise):
    centroids = centroids_twin(unit(ROWS[:72]))
    prototypes = np.vstack([unit(centroids) if renormalise else centroids, unit(ROWS[72:])])
    detector = KMeans(KMeansConfig(renormalise_centroids=renormalise)).fit(ROWS, DOMAINS)
    assert_allclose(detector.anomaly_score(QUERIES), 1 - (unit(QUERIES) @ prototypes.T).max(axis=1), rtol=1e-12)


def test_euclidean_scores_equal_the_least_true_distance():
    prototypes = np.vstack([centroids_twin(ROWS[:72]), ROWS[72:]])
    detector = KMeans(KMeansConfig(metric="euclidean")).fit(ROWS, DOMAINS)
    expected = np.linalg.norm(QUERIES[:, None] - prototypes, axis=2).min(axis=1)
    assert_allclose(detector.anomaly_score(QUERIES), expected, rtol=1e-12)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_target_training_clip_scores_zero_and_a_source_one_does_not(metric):
    scores = KMeans(KMeansConfig(metric=metric)).fit(ROWS, DOMAINS).anomaly_score(ROWS)
    assert_allclose(scores[72:], 0.0, atol=1e-15)
    assert np.median(scores[:72]) > 1e-3


def test_clips_of_unknown_domain_count_as_source():
    unknown = np.where(DOMAINS == "source", "", DOMAINS)
    known = KMeans(KMeansConfig()).fit(ROWS, DOMAINS)
    assert_allclose(KMeans(KMeansConfig()).fit(ROWS, unknown).anomaly_score(QUERIES), known.anomaly_score(QUERIES))


def test_fewer_source_clips_than_clusters_become_the_clusters():
    detector = KMeans(KMeansConfig(n_clusters=100, metric="euclidean")).fit(ROWS, DOMAINS)
    assert_allclose(detector.anomaly_score(ROWS), 0.0, atol=1e-12)
    assert detector.notes_ == ["n_clusters = 100 but 72 source clips: 72 clusters"]


def test_target_clips_alone_are_kept_and_noted():
    detector = KMeans(KMeansConfig()).fit(ROWS, np.full(80, "target"))
    assert_allclose(detector.anomaly_score(ROWS), 0.0, atol=1e-15)
    assert detector.notes_ == ["n_clusters = 16 but 0 source clips: 0 clusters"]


def test_duplicate_clips_are_noted_and_not_warned_of():
    detector = KMeans(KMeansConfig(n_clusters=4)).fit(np.vstack([ROWS[:2]] * 10), np.full(20, "source"))
    assert detector.notes_ == ["4 clusters but only 2 different source clips: the other centroids repeat"]


def test_silent_clips_give_no_nan():
    rows = np.vstack([ROWS, np.zeros((2, 6))])
    detector = KMeans(KMeansConfig()).fit(rows, np.append(DOMAINS, ["source", "target"]))
    assert_allclose(detector.anomaly_score(np.zeros((1, 6))), [0.0], atol=1e-15)
    assert_allclose(KMeans(KMeansConfig()).fit(ROWS, DOMAINS).anomaly_score(np.zeros((1, 6))), [1.0])


def test_misuse_is_refused():
    with pytest.raises(AsdError, match="call fit first"):
        KMeans(KMeansConfig()).anomaly_score(QUERIES)
    with pytest.raises(UsageError, match="n_clusters = 0: must be a whole number, 1 or more"):
        KMeansConfig(n_clusters=0)
