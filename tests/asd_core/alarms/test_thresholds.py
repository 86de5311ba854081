import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.errors import AsdError, UsageError

QUANTILE, GAMMA = ThresholdConfig("quantile", 0.9), ThresholdConfig("gamma", 0.9)


@pytest.mark.parametrize(("total", "rank"), [(9, 9), (10, 10), (19, 18), (99, 90), (100, 91)])
def test_the_quantile_rule_is_the_conformal_order_statistic(total, rank):
    scores = np.random.default_rng(0).permutation(np.arange(1.0, total + 1))
    assert decision_threshold(scores, QUANTILE).value == rank
    assert decision_threshold(scores, QUANTILE).notes == ()


def test_too_few_scores_give_the_largest_and_say_so():
    threshold = decision_threshold(np.array([3.0, 1.0, 2.0]), QUANTILE)
    assert threshold.value == 3.0
    assert threshold.notes == (
        "quantile = 0.9 needs 9 unseen normal scores, there are 3: the largest is the threshold, "
        "which 25.0% of normal clips exceed",
    )


def test_a_small_quantile_takes_the_least_score():
    assert decision_threshold(np.arange(1.0, 4.0), ThresholdConfig(quantile=0.01)).value == 1.0


@pytest.mark.parametrize("total", [9, 25, 200])
def test_on_average_one_normal_in_ten_is_flagged_and_never_more(total):
    generator = np.random.default_rng(0)
    rates = []
    for _ in range(400):
        threshold = decision_threshold(generator.normal(size=total), QUANTILE).value
        rates.append(stats.norm.sf(threshold))
    expected = 1 - np.ceil(round((total + 1) * 0.9, 9)) / (total + 1)
    assert abs(np.mean(rates) - expected) < 4 * np.std(rates) / 20
    assert expected <= 0.1 + 1e-12


@pytest.mark.parametrize(("location", "scale"), [(0.0, 1.0), (5.0, 0.01), (-3e5, 1e4)])
def test_the_gamma_rule_recovers_the_quantile_of_a_gamma_distribution(location, scale):
    scores = stats.gamma.rvs(3.0, loc=location, scale=scale, size=3000, random_state=0)
    threshold = decision_threshold(scores, GAMMA)
    assert threshold.notes == ()
    assert abs(threshold.value - stats.gamma.ppf(0.9, 3.0, loc=location, scale=scale)) < 0.2 * scale


def test_the_gamma_rule_reaches_beyond_the_scores_seen():
    scores = stats.gamma.rvs(3.0, size=200, random_state=1)
    assert decision_threshold(scores, ThresholdConfig("gamma", 0.9999)).value > scores.max()


@pytest.mark.parametrize("scores", [np.full(50, 2.0), np.array([1.0]), np.array([1.0, 2.0])])
def test_constant_or_few_scores_fall_back_to_the_quantile_with_a_note(scores):
    threshold = decision_threshold(scores, GAMMA)
    assert threshold.value == scores.max()
    assert threshold.notes[0].startswith("no gamma distribution fits")


@pytest.mark.parametrize(
    ("total", "quantile", "factor"),
    [(1000, 0.95, 1000), (1000, 0.9, 100), (30, 0.9, 20), (200, 0.9, 20), (60, 0.99, 300)],
)
def test_an_outlier_that_draws_the_gamma_fit_away_is_told_and_the_quantile_taken(total, quantile, factor):
    scores = stats.gamma.rvs(4.0, size=total, random_state=0)
    scores[0] = scores.mean() + factor * scores.std()
    threshold = decision_threshold(scores, ThresholdConfig("gamma", quantile))
    assert threshold.value == decision_threshold(scores, ThresholdConfig("quantile", quantile)).value
    assert (
        "an outlier may have drawn it away" in threshold.notes[0] and "the quantile rule instead" in threshold.notes[0]
    )


def test_no_gamma_threshold_flags_far_more_of_its_own_scores_than_asked_without_a_note():
    generator = np.random.default_rng(0)
    for total in (7, 10, 14, 30, 100):
        for factor in (0, 3, 10, 50, 1000):
            scores = generator.gamma(4.0, size=total)
            scores[0] += factor * scores.std()
            threshold = decision_threshold(scores, GAMMA)
            assert np.mean(scores > threshold.value) < 0.4 or threshold.notes


@pytest.mark.parametrize("total", [30, 100, 1000])
@pytest.mark.parametrize("draw", [stats.gamma(3.0), stats.norm(50, 2), stats.lognorm(0.4), stats.chi2(12)])
def test_scores_that_are_a_little_unlike_a_gamma_distribution_keep_its_fit(total, draw):
    scores = draw.rvs(total, random_state=2)
    threshold = decision_threshold(scores, GAMMA)
    assert threshold.notes == () and 0.03 < draw.sf(threshold.value) < 0.2


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40))
def test_any_finite_scores_give_a_finite_gamma_threshold(scores):
    assert np.isfinite(decision_threshold(np.array(scores), GAMMA).value)


def test_wrong_options_and_scores_are_refused():
    with pytest.raises(UsageError, match="kind = 'sigma': must be one of 'quantile', 'gamma'"):
        ThresholdConfig("sigma")
    with pytest.raises(UsageError, match="quantile = 1.0: must be a number above 0 and below 1"):
        ThresholdConfig(quantile=1.0)
    with pytest.raises(AsdError, match="needs at least one score"):
        decision_threshold(np.empty(0), QUANTILE)
    with pytest.raises(AsdError, match="1 unseen normal scores are not finite"):
        decision_threshold(np.array([1.0, np.nan]), QUANTILE)
