import numpy as np
import pytest

from asd_core.evaluation.metrics import auc
from tests.accuracy.heads import UNTRAINED, WEIGHTS, Scores, ahead, false_alarms, figures, fused

MACHINES = [("fan", "00"), ("ToyCar", "01")]
RNG = np.random.default_rng(0)
ANOMALOUS = {machine: np.arange(60) % 3 == 0 for machine in MACHINES}


def scores(shift, scale=1.0):
    """Normals of any scale, anomalies so many deviations above them, and 100 unseen normals."""
    test = {one: scale * (RNG.normal(size=60) + shift * mask) for one, mask in ANOMALOUS.items()}
    return Scores(test, {one: scale * RNG.normal(size=100) for one in MACHINES})


def test_scores_are_standardised_by_unseen_normals_alone():
    given = scores(2.0, scale=50.0)
    found = given.standardised()
    for one in MACHINES:
        mean, deviation = given.unseen[one].mean(), given.unseen[one].std()
        np.testing.assert_allclose(found.test[one], (given.test[one] - mean) / deviation)
        assert found.unseen[one].mean() == pytest.approx(0) and found.unseen[one].std() == pytest.approx(1)


def test_scales_do_not_count_in_a_fusion_and_weights_do():
    methods = {name: scores(1.0, scale) for name, scale in (("near", 1.0), ("far", 1000.0))}
    whole = fused(methods, {"near": 2.0, "far": 1.0})
    parts = {name: one.standardised().test for name, one in methods.items()}
    for one in MACHINES:
        np.testing.assert_allclose(whole[one], 2 * parts["near"][one] + parts["far"][one])
    assert sum(WEIGHTS.values()) == 4.0


def test_figures_are_means_over_the_machines_of_a_part():
    given = scores(1.5)
    own = [auc(given.test[one], ANOMALOUS[one]) for one in MACHINES]
    assert figures(given.test, ANOMALOUS, ("fan", "ToyCar"))[0] == pytest.approx(np.mean(own))
    assert figures(given.test, ANOMALOUS, ("fan",))[0] == pytest.approx(own[0])


def test_a_better_score_is_ahead_by_more_than_its_error_and_the_same_one_by_nothing():
    good, bad = scores(3.0).test, scores(0.0).test
    gain, error = ahead(good, bad, ANOMALOUS, "auc")
    assert gain > 4 * error > 0
    assert ahead(bad, good, ANOMALOUS, "auc")[0] == -gain
    assert ahead(good, good, ANOMALOUS, "auc") == (0.0, 0.0)


def test_false_alarms_are_normals_above_the_quantile_of_unseen_ones():
    given = Scores({("fan", "00"): np.array([9.0, 1.0, 0.0])}, {("fan", "00"): np.linspace(0, 2, 101)})
    assert false_alarms(given, {("fan", "00"): np.array([True, False, False])}) == 0.0
    assert false_alarms(given, {("fan", "00"): np.array([False, False, False])}) == pytest.approx(1 / 3)


def test_the_untrained_twin_moves_no_weight():
    assert np.float32(1.0) - np.float32(UNTRAINED["training.learning_rate"]) == np.float32(1.0)
