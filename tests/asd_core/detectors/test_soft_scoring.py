import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.detectors.gmm import Gmm, GmmConfig
from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig
from asd_core.detectors.soft_scoring import SoftScoring
from asd_core.errors import AsdError

GENERATOR = np.random.default_rng(0)
ROWS = np.vstack([GENERATOR.normal(size=(40, 3)), 6 + 3 * GENERATOR.normal(size=(10, 3))])
DOMAINS = np.where(np.arange(50) < 40, "source", "target")
QUERIES = GENERATOR.normal(scale=5, size=(30, 3))


def fitted(config, rows=ROWS, domains=DOMAINS):
    return SoftScoring(config).fit(rows, domains)


def side(rows, **options):
    return MemoryBank(MemoryBankConfig(**options)).fit(rows, np.full(len(rows), "source"))


@pytest.mark.parametrize("density", ["none", "nearest", "least"])
def test_the_score_is_the_lesser_of_two_banks(density):
    found = fitted(MemoryBankConfig(soft_scoring="minimum", density=density, density_k=5)).anomaly_score(QUERIES)
    parts = [side(part, density=density, density_k=5).anomaly_score(QUERIES) for part in (ROWS[:40], ROWS[40:])]
    assert_array_equal(found, np.minimum(*parts))


def test_the_score_is_the_lesser_of_two_mixtures():
    found = fitted(GmmConfig(soft_scoring="minimum")).anomaly_score(QUERIES)
    parts = [
        Gmm(GmmConfig()).fit(part, np.full(len(part), "source")).anomaly_score(QUERIES)
        for part in (ROWS[:40], ROWS[40:])
    ]
    assert_array_equal(found, np.minimum(*parts))


def test_standardised_scores_are_in_units_of_each_sides_unseen_normals():
    found = fitted(MemoryBankConfig(soft_scoring="standardised")).anomaly_score(QUERIES)
    parts = []
    for part in (ROWS[:40], ROWS[40:]):
        bank = side(part)
        unseen = bank.leave_one_out_scores()
        parts.append((bank.anomaly_score(QUERIES) - unseen.mean()) / unseen.std())
    assert_allclose(found, np.minimum(*parts), rtol=1e-12)


@pytest.mark.parametrize(
    "config",
    [
        MemoryBankConfig(soft_scoring="standardised", whitening="half", target_upsampling="smote", target_ratio=0.5),
        GmmConfig(soft_scoring="standardised", target_upsampling="smote", target_ratio=0.5),
    ],
)
def test_standardising_makes_both_domains_alike_where_refitting_is_needed(config):
    generator = np.random.default_rng(1)
    rows = np.vstack([generator.normal(size=(200, 3)), 100 + 20 * generator.normal(size=(60, 3))])
    detector = fitted(config, rows, np.where(np.arange(260) < 200, "source", "target"))
    further = np.vstack([generator.normal(size=(500, 3)), 100 + 20 * generator.normal(size=(500, 3))])
    scores = detector.anomaly_score(further)
    assert abs(np.median(scores[:500]) - np.median(scores[500:])) < 0.6


@pytest.mark.parametrize("kind", ["minimum", "standardised"])
@pytest.mark.parametrize("config", [MemoryBankConfig, GmmConfig])
def test_without_target_clips_it_is_one_detector_with_a_note(kind, config):
    domains = np.full(50, "")
    detector = fitted(config(soft_scoring=kind), domains=domains)
    plain = (MemoryBank if config is MemoryBankConfig else Gmm)(config()).fit(ROWS, domains)
    assert_array_equal(detector.anomaly_score(QUERIES), plain.anomaly_score(QUERIES))
    assert detector.notes_[0] == "50 source and 0 target clips: one detector for both domains"


def test_one_target_clip_makes_a_bank_but_no_mixture():
    domains = np.where(np.arange(50) < 49, "source", "target")
    bank = fitted(MemoryBankConfig(soft_scoring="minimum", k=1), domains=domains)
    assert bank.anomaly_score(ROWS[49:]) == 0
    assert bank.notes_ == []
    mixture = fitted(GmmConfig(soft_scoring="minimum"), domains=domains)
    assert mixture.notes_[0] == "49 source and 1 target clips: one detector for both domains"


def test_too_few_target_clips_are_standardised_like_the_source_side():
    domains = np.where(np.arange(50) < 47, "source", "target")
    detector = fitted(MemoryBankConfig(soft_scoring="standardised", k=1), domains=domains)
    assert detector.notes_ == ["3 target clips, 2 distinct scores: standardised like the source side"]
    plain = fitted(MemoryBankConfig(soft_scoring="minimum", k=1), domains=domains).anomaly_score(QUERIES)
    assert_array_equal(np.argsort(detector.anomaly_score(QUERIES)), np.argsort(plain))


def test_notes_name_the_domain():
    domains = np.where(np.arange(50) < 48, "source", "target")
    notes = fitted(MemoryBankConfig(soft_scoring="minimum"), domains=domains).notes_
    assert notes == ["target clips: k = 4 but 2 normal clips: the mean is over 2 distances"]


@pytest.mark.parametrize("targets", [0, 1, 10])
@pytest.mark.parametrize("density", ["none", "least"])
def test_leave_one_out_equals_refitting_without_each_clip(targets, density):
    domains = np.where(np.arange(50) < 50 - targets, "source", "target")
    config = MemoryBankConfig(soft_scoring="minimum", density=density, density_k=4)
    expected = [
        fitted(config, np.delete(ROWS, i, axis=0), np.delete(domains, i)).anomaly_score(ROWS[i : i + 1])[0]
        for i in range(50)
    ]
    assert_allclose(fitted(config, domains=domains).leave_one_out_scores(), expected, rtol=1e-9)


def test_mixtures_leave_one_out_within_the_own_side_only():
    generator = np.random.default_rng(2)
    rows = np.vstack([generator.normal(size=(40, 30)), 3 + generator.normal(size=(12, 30))])
    found = fitted(GmmConfig(soft_scoring="minimum"), rows, np.where(np.arange(52) < 40, "source", "target"))
    source, target = (Gmm(GmmConfig()).fit(part, np.full(len(part), "source")) for part in (rows[:40], rows[40:]))
    expected = np.append(
        np.minimum(source.leave_one_out_scores(), target.anomaly_score(rows[:40])),
        np.minimum(target.leave_one_out_scores(), source.anomaly_score(rows[40:])),
    )
    assert found.leaves_one_out
    assert_allclose(found.leave_one_out_scores(), expected, rtol=1e-12)


def test_synthetic_targets_belong_to_the_target_side():
    config = MemoryBankConfig(soft_scoring="minimum", k=1, target_upsampling="memmixup", memmixup_weight=0.5)
    between = (ROWS[0] + ROWS[45]) / 2
    assert_allclose(fitted(config).anomaly_score(between[None]), [0.0], atol=1e-12)


def test_misuse_is_refused():
    with pytest.raises(AsdError, match="call fit first"):
        SoftScoring(MemoryBankConfig()).anomaly_score(QUERIES)
    with pytest.raises(AsdError, match="use unseen_scores"):
        fitted(MemoryBankConfig(soft_scoring="standardised")).leave_one_out_scores()
