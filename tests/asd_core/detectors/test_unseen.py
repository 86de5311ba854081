import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.detectors.build import new_detector
from asd_core.detectors.cross_fitting import stratified_folds
from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.detectors.kmeans import KMeansConfig
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.normal(size=(60, 4))
DOMAINS = np.where(np.arange(60) < 50, "source", "target")
CONFIGS = [
    MemoryBankConfig(),
    MemoryBankConfig(density="least", whitening="half"),
    MemoryBankConfig(whitening="full"),
    MemoryBankConfig(target_upsampling="smote"),
    GmmConfig(),
    GmmConfig(strict=True),
    KMeansConfig(),
    KMeansConfig(metric="euclidean"),
]


@pytest.mark.parametrize("soft_scoring", ["none", "minimum"])
@pytest.mark.parametrize("density", ["none", "nearest", "least"])
def test_memory_banks_are_scored_by_exact_leave_one_out(soft_scoring, density):
    config = MemoryBankConfig(k=2, density=density, density_k=3, soft_scoring=soft_scoring)
    expected = [
        new_detector(config).fit(np.delete(ROWS, i, axis=0), np.delete(DOMAINS, i)).anomaly_score(ROWS[i : i + 1])[0]
        for i in range(60)
    ]
    assert_allclose(unseen_scores(config, ROWS, DOMAINS), expected, rtol=1e-9)


@pytest.mark.parametrize(
    "config",
    [
        MemoryBankConfig(whitening="half", density="least"),
        MemoryBankConfig(target_upsampling="smote", target_ratio=0.5),
        MemoryBankConfig(soft_scoring="standardised"),
        GmmConfig(target_upsampling="smote", target_ratio=0.5),
        KMeansConfig(),
    ],
    ids=str,
)
def test_other_detectors_are_scored_by_a_fit_without_the_fold(config):
    fold_of = stratified_folds(DOMAINS, 4, seed=7)
    expected = np.empty(60)
    for fold in range(4):
        rest = new_detector(config).fit(ROWS[fold_of != fold], DOMAINS[fold_of != fold])
        expected[fold_of == fold] = rest.anomaly_score(ROWS[fold_of == fold])
    assert_array_equal(unseen_scores(config, ROWS, DOMAINS, folds=4, seed=7), expected)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
@pytest.mark.parametrize("dim", [4, 40])
def test_a_threshold_at_the_quantile_flags_its_share_of_further_normals(config, dim):
    generator = np.random.default_rng(dim)
    mixing = generator.normal(size=(dim, dim)) * np.linspace(1, 0.1, dim)[:, None]
    rows, further = (generator.normal(size=(size, dim)) @ mixing for size in (150, 600))
    unseen = unseen_scores(config, rows, np.full(150, "source"))
    threshold = decision_threshold(unseen, ThresholdConfig(quantile=0.9)).value
    scores = new_detector(config).fit(rows, np.full(150, "source")).anomaly_score(further)
    # 150 scores place the quantile to a standard deviation of 2.5 %; folds fitted on fewer clips err toward fewer.
    assert 0.03 <= np.mean(scores > threshold) <= 0.18


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_two_clips_can_be_scored_unseen_and_one_cannot(config):
    rows = np.array([[0.0, 1.0, 0.0, 1.0], [2.0, 0.0, 2.0, 0.0], [1.0, 1.0, 3.0, 0.0]])
    domains = np.full(3, "source")
    assert np.isfinite(unseen_scores(config, rows, domains)).all()
    with pytest.raises(AsdError, match="at least 2|lower n_components"):
        unseen_scores(config, rows[:1], domains[:1])


@pytest.mark.parametrize(("dim", "is_scarce"), [(2, False), (30, True)])
def test_mixtures_leave_one_out_where_clips_are_few_for_their_dimensions(dim, is_scarce):
    rows, domains = np.random.default_rng(0).normal(size=(100, dim)), np.full(100, "source")
    left_out = Gmm(GmmConfig()).fit(rows, domains).leave_one_out_scores()
    assert np.array_equal(unseen_scores(GmmConfig(), rows, domains), left_out) == is_scarce


SEVERAL = np.repeat(np.arange(14), [1, 2, 6, 3, 8, 5, 4, 6, 1, 7, 5, 2, 6, 4])[np.random.default_rng(1).permutation(60)]
DOMAIN_OF_RECORDING = np.where(SEVERAL < 11, "source", "target")


def refitted_without_recordings(config, rows, recordings, domains):
    expected = np.empty(len(rows))
    for recording in np.unique(recordings):
        own = recordings == recording
        expected[own] = new_detector(config).fit(rows[~own], domains[~own]).anomaly_score(rows[own])
    return expected


@pytest.mark.parametrize("soft_scoring", ["none", "minimum"])
@pytest.mark.parametrize("density", ["none", "nearest", "least"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_segments_are_scored_by_banks_that_never_held_their_recording(soft_scoring, density, metric):
    config = MemoryBankConfig(k=3, density=density, density_k=4, metric=metric, soft_scoring=soft_scoring)
    expected = refitted_without_recordings(config, ROWS, SEVERAL, DOMAIN_OF_RECORDING)
    assert_allclose(unseen_scores(config, ROWS, DOMAIN_OF_RECORDING, SEVERAL), expected, rtol=1e-9)


@pytest.mark.parametrize("density", ["none", "nearest", "least"])
def test_banks_smaller_than_k_without_a_recording_or_of_copies_equal_refitting(density):
    rows, recordings = np.repeat(ROWS[:5], 2, axis=0), np.array([0, 0, 1, 1, 1, 1, 1, 1, 2, 3])
    config = MemoryBankConfig(k=4, density=density, density_k=4)
    domains = np.full(10, "source")
    expected = refitted_without_recordings(config, rows, recordings, domains)
    assert_allclose(unseen_scores(config, rows, domains, recordings), expected, rtol=1e-9)


@pytest.mark.parametrize("config", [KMeansConfig(), GmmConfig(), MemoryBankConfig(whitening="half")], ids=str)
def test_folds_hold_whole_recordings(config):
    found = unseen_scores(config, ROWS, DOMAIN_OF_RECORDING, SEVERAL, folds=14)
    expected = refitted_without_recordings(config, ROWS, SEVERAL, DOMAIN_OF_RECORDING)
    assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_recordings_of_one_row_each_change_nothing(config):
    names = np.random.default_rng(2).permutation(60)
    assert_array_equal(unseen_scores(config, ROWS, DOMAINS, names), unseen_scores(config, ROWS, DOMAINS))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_segments_of_a_single_recording_cannot_be_scored_unseen(config):
    with pytest.raises(AsdError, match="at least 2"):
        unseen_scores(config, ROWS, np.full(60, "source"), np.zeros(60, int))
    with pytest.raises(AsdError, match=r"60 embeddings but recordings of shape \(3,\)"):
        unseen_scores(config, ROWS, DOMAINS, np.arange(3))


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_detector_that_is_fitted_already_gives_the_same_to_the_bit(config):
    learnt = new_detector(config).fit(ROWS, DOMAINS)
    assert_array_equal(unseen_scores(config, ROWS, DOMAINS, learnt=learnt), unseen_scores(config, ROWS, DOMAINS))
