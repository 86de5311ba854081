import numpy as np
import pytest
from scipy.stats import median_abs_deviation, rankdata

from asd_core.alarms.standardising import Standard
from asd_core.errors import AsdError

UNSEEN = np.random.default_rng(0).gamma(2.0, size=40)
SCORES = np.random.default_rng(1).gamma(3.0, size=9)
RULES = ["z", "robust", "rank"]


def test_z_is_the_distance_from_the_mean_in_deviations():
    expected = (SCORES - UNSEEN.mean()) / UNSEEN.std(ddof=1)
    np.testing.assert_allclose(Standard("z", UNSEEN).of(SCORES), expected)


def test_robust_takes_the_median_and_its_absolute_deviation():
    expected = (SCORES - np.median(UNSEEN)) / median_abs_deviation(UNSEEN, scale="normal")
    np.testing.assert_allclose(Standard("robust", UNSEEN).of(SCORES), expected)


def test_rank_of_the_unseen_themselves_is_their_mean_rank():
    unseen = np.round(UNSEEN, 1)  # with ties
    np.testing.assert_allclose(Standard("rank", unseen).of(unseen), rankdata(unseen) / (len(unseen) + 1))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("unseen", [UNSEEN, np.round(UNSEEN), np.array([1.0, 1.0, 1.0, 1.0, 7.0]), UNSEEN[:4]])
def test_each_unseen_score_is_standardised_by_the_others(rule, unseen):
    others = [Standard(rule, np.delete(unseen, place)).of(unseen[[place]])[0] for place in range(len(unseen))]
    np.testing.assert_allclose(Standard(rule, unseen).of_unseen(), others, atol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_neither_unit_nor_offset_of_a_scorer_matters(rule):
    expected = Standard(rule, UNSEEN).of(SCORES)
    np.testing.assert_allclose(Standard(rule, 1e6 * UNSEEN - 3).of(1e6 * SCORES - 3), expected, rtol=1e-9)


@pytest.mark.parametrize("rule", RULES)
def test_order_of_scores_stays(rule):
    found = Standard(rule, UNSEEN).of(np.sort(SCORES))
    assert (np.diff(found) >= 0).all()


def test_scores_that_are_all_alike_are_centred_and_not_scaled():
    flat = Standard("z", np.full(5, 2.0))
    assert flat.is_flat
    np.testing.assert_array_equal(flat.of(np.array([2.0, 5.0])), [0.0, 3.0])
    assert not Standard("z", UNSEEN).is_flat
    assert not Standard("rank", np.full(5, 2.0)).is_flat


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(AsdError, match="1 anomaly scores are not finite"):
        Standard("z", UNSEEN).of(np.array([1.0, np.nan]))
