import numpy as np
import pytest
from scipy.stats import kstest

from asd_core.recipe.alarm_settings import AlarmConfig
from tests.accuracy import alarm_rules
from tests.accuracy.simulated_scores import Fleet, scores

SCORES = scores(Fleet(machines=30, nights=34, seed=1))


def test_the_count_of_flagged_clips_is_binomial_where_clips_are_independent():
    p = alarm_rules.binomial_p(scores(Fleet(200, 74, 5, 0.0)), 14)
    assert np.mean(p <= 0.1) < 0.11  # P(B ≥ 2) = 0.081
    assert set(np.round(np.unique(p), 5)) <= {1e-05, 0.00046, 0.00856, 0.08146, 0.40951, 1.0}


def test_clips_have_the_p_of_their_own_machine():
    found = alarm_rules.clip_p_values(SCORES, 14)
    assert found[3, 2, 1] == (1 + (SCORES[3, :14] >= SCORES[3, 16, 1]).sum()) / 71


def test_an_excess_is_above_0_for_flagged_clips_alone():
    highest, second = (alarm_rules.nth_highest_excess(SCORES, 14, nth) for nth in (1, 2))
    threshold = np.quantile(SCORES[5, :14], 0.9)
    assert ((highest[5] > 0) == (SCORES[5, 14:].max(axis=1) > threshold)).all()
    assert (second <= highest).all()


def test_nights_are_counted_up_to_the_first_alarm():
    alarmed = np.array([[False, True, True], [True, False, False], [False, False, False]])
    assert alarm_rules.nights_to_alarm(alarmed).tolist() == [2, 1, np.inf]


def test_limits_leave_the_share_that_was_asked_for():
    values = np.random.default_rng(0).normal(size=(100, 50))
    assert np.mean(values > alarm_rules.limit_for_rate(values.ravel(), 0.01)) == pytest.approx(0.01, abs=1e-3)
    limit = alarm_rules.limit_for_detection(values, 7, 0.3)
    assert np.mean(values[:, :7].max(axis=1) >= limit) == pytest.approx(0.3, abs=0.02)


def test_the_distance_from_uniform_is_kolmogorovs():
    p = np.random.default_rng(0).random(99) ** 1.2
    assert alarm_rules.distance_from_uniform(p) == pytest.approx(kstest(p, "uniform").statistic)


def test_all_nights_after_the_learnt_ones_are_judged():
    found = alarm_rules.judged(SCORES, 14, AlarmConfig())
    assert found.p_values.shape == (30, 20)
    assert np.isfinite(found.p_values).all()
