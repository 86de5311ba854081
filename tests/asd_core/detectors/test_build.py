import io

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from asd_core.detectors.build import load_detector, new_detector
from asd_core.detectors.gmm import GmmConfig
from asd_core.detectors.kmeans import KMeansConfig
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.whitening import fit_whitening
from asd_core.errors import AsdError

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.normal(size=(70, 5)).astype(np.float32)
DOMAINS = np.where(np.arange(70) < 60, "source", "target")
QUERIES = GENERATOR.normal(size=(40, 5)).astype(np.float32)
CONFIGS = [
    MemoryBankConfig(),
    MemoryBankConfig(metric="cosine", density="nearest"),
    MemoryBankConfig(density="least", whitening="half"),
    MemoryBankConfig(metric="cosine", whitening="full", target_upsampling="smote", target_ratio=0.4),
    MemoryBankConfig(target_upsampling="memmixup", density="least"),
    MemoryBankConfig(soft_scoring="minimum", density="least", density_k=4),
    MemoryBankConfig(soft_scoring="standardised", whitening="half", target_upsampling="smote", target_ratio=0.4),
    GmmConfig(),
    GmmConfig(strict=True, score="nll"),
    GmmConfig(covariance="diag", target_upsampling="smote", target_ratio=0.4),
    GmmConfig(soft_scoring="standardised"),
    KMeansConfig(),
    KMeansConfig(metric="euclidean", whitening="full"),
]
every_config = pytest.mark.parametrize("config", CONFIGS, ids=str)


@every_config
def test_a_stored_state_scores_the_same_to_the_bit(config):
    detector = new_detector(config).fit(ROWS, DOMAINS)
    file = io.BytesIO()
    np.savez(file, **detector.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_detector(config, dict(stored))
    assert_array_equal(loaded.anomaly_score(QUERIES), detector.anomaly_score(QUERIES))
    for found, expected in zip(loaded.nearest(QUERIES, 3), detector.nearest(QUERIES, 3), strict=True):
        assert_array_equal(found, expected)
    assert loaded.notes_ == detector.notes_


@every_config
def test_nearest_equals_sorting_the_distances_to_all_training_clips(config):
    indices, distances = new_detector(config).fit(ROWS, DOMAINS).nearest(QUERIES, 4)
    is_bank = isinstance(config, MemoryBankConfig)
    place = fit_whitening(ROWS.astype(np.float64), config.whitening if is_bank else "none")
    full = cdist(place(QUERIES), place(ROWS), config.metric if is_bank else "euclidean")
    order = np.argsort(full, axis=1, kind="stable")[:, :4]
    assert_array_equal(indices, order)
    assert_allclose(distances, np.take_along_axis(full, order, axis=1), rtol=1e-9)


@every_config
def test_more_neighbours_than_clips_are_all_clips(config):
    indices, distances = new_detector(config).fit(ROWS, DOMAINS).nearest(QUERIES, 1000)
    assert indices.shape == distances.shape == (40, 70)
    assert (np.sort(indices, axis=1) == np.arange(70)).all()


@every_config
def test_permuting_clips_permutes_scores(config):
    detector, order = new_detector(config).fit(ROWS, DOMAINS), np.random.default_rng(1).permutation(40)
    assert_allclose(detector.anomaly_score(QUERIES[order]), detector.anomaly_score(QUERIES)[order], rtol=1e-9)
    assert_allclose(detector.anomaly_score(QUERIES[:1]), detector.anomaly_score(QUERIES)[:1], rtol=1e-9)


@every_config
def test_far_clips_score_higher_than_normal_ones(config):
    detector = new_detector(config).fit(ROWS, DOMAINS)
    far = -100 * np.ones((1, 5)) * np.array([1, -1, 1, -1, 1])
    if config.kind == "gmm" or config.metric == "euclidean":
        assert detector.anomaly_score(far) > detector.anomaly_score(QUERIES).max()
    assert detector.anomaly_score(far).dtype == np.float64


@every_config
def test_a_second_fit_forgets_the_first(config):
    once = new_detector(config).fit(ROWS[:50] + 9, DOMAINS[20:])
    again = new_detector(config).fit(ROWS, DOMAINS).fit(ROWS[:50] + 9, DOMAINS[20:])
    assert_array_equal(again.anomaly_score(QUERIES), once.anomaly_score(QUERIES))
    assert again.notes_ == once.notes_


@every_config
def test_no_clips_to_score_give_no_scores(config):
    assert new_detector(config).fit(ROWS, DOMAINS).anomaly_score(np.empty((0, 5))).shape == (0,)


@every_config
def test_embeddings_of_another_size_are_refused(config):
    with pytest.raises(AsdError, match="embeddings have 4 dimensions, the detector was fitted on 5"):
        new_detector(config).fit(ROWS, DOMAINS).anomaly_score(QUERIES[:, :4])
    with pytest.raises(AsdError, match="0 normal clips"):
        new_detector(config).fit(ROWS[:0], DOMAINS[:0])
