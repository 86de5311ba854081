import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from asd_core.alarms.discoveries import alarm_level, alarm_levels, persistent, ranking

P_VALUES = st.lists(st.floats(1e-6, 1) | st.just(np.nan), min_size=1, max_size=30).map(np.array)


def false_discovery_rates(p_values):
    """The least level of the step-up rule at which each machine would be an alarm, (M,); NaN stays NaN."""
    found = np.full(len(p_values), np.nan)
    judged = np.flatnonzero(~np.isnan(p_values))
    if len(judged):
        order = judged[np.argsort(p_values[judged])]
        rates = p_values[order] * len(order) / np.arange(1, len(order) + 1)
        found[order] = np.minimum(np.minimum.accumulate(rates[::-1])[::-1], 1)
    return found


def test_the_family_rule_shares_the_false_alarms_among_the_machines_that_can_be_judged():
    assert alarm_level(np.array([0.5, np.nan, 0.2, 0.9]), 0.3) == pytest.approx(0.1)
    assert alarm_level(np.array([0.5]), 3) == 1.0
    assert alarm_level(np.array([np.nan]), 3) == 0.0


@given(P_VALUES, st.floats(0.01, 0.5))
def test_the_step_up_rule_equals_its_definition(p_values, rate):
    judged = sorted(p for p in p_values if not np.isnan(p))
    levels = [rate * (place + 1) / len(judged) for place in range(len(judged))]
    reached = [level for p, level in zip(judged, levels, strict=True) if p <= level]
    expected = reached[-1] if reached else levels[0] if judged else 0.0
    assert alarm_level(p_values, rate, "bh") == pytest.approx(expected)


@given(P_VALUES, st.floats(0.01, 0.5))
def test_the_step_up_rule_finds_all_that_the_family_rule_finds(p_values, rate):
    assert alarm_level(p_values, rate, "bh") >= alarm_level(p_values, rate) - 1e-15


@given(P_VALUES, st.floats(0.01, 0.5))
def test_machines_within_a_false_discovery_rate_are_those_of_the_step_up_rule(p_values, rate):
    with np.errstate(invalid="ignore"):
        found = false_discovery_rates(p_values) <= rate * (1 - 1e-12)
        alarms = p_values <= alarm_level(p_values, rate, "bh")
    assert (alarms | ~found).all()


def test_both_rules_hold_the_false_alarms_where_all_machines_are_well():
    p_values = np.random.default_rng(0).random((50, 4000))
    family = p_values <= alarm_levels(p_values, 0.2)
    assert family.sum() / 4000 == pytest.approx(0.2, abs=0.03)
    step_up = p_values <= alarm_levels(p_values, 0.2, "bh")
    assert step_up.any(axis=0).mean() == pytest.approx(0.2, abs=0.03)


def test_p_of_one_of_one_night_is_that_of_the_night():
    p_values = np.array([[0.2, np.nan, 0.01]])
    assert_array_equal(persistent(p_values, 1, 1), p_values)


@pytest.mark.parametrize(("least", "nights"), [(1, 2), (2, 2), (2, 3), (3, 5)])
def test_p_of_several_nights_is_uniform_on_well_machines(least, nights):
    found = persistent(np.random.default_rng(0).random((400, 100)), least, nights)[:, nights:]
    for level in (0.3, 0.05, 0.01):
        assert np.mean(found <= level) == pytest.approx(level, rel=0.15)


def test_nights_judged_by_the_same_learnt_nights_share_their_error():
    generator = np.random.default_rng(0)
    z = (generator.normal(size=(8000, 8)) - generator.normal(size=(8000, 1)) / np.sqrt(14)) / np.sqrt(1 + 1 / 14)
    p_values, learnt = norm.sf(z), np.full(8000, 14)
    for level in (0.05, 0.005):
        assert np.mean(persistent(p_values, 2, 3, learnt)[:, 3:] <= level) == pytest.approx(level, rel=0.15)
    assert np.mean(persistent(p_values, 2, 3)[:, 3:] <= 0.005) > 1.2 * 0.005


def test_two_of_three_nights_have_the_p_of_their_closed_form():
    found = persistent(np.array([[0.01, 0.5, np.nan, 0.03, 0.9]]), 2, 3)
    # a · (1 − (1 − a)^2) with a = 0.03; a single night before leaves a^2.
    assert_allclose(found[0, :4], [1.0, 0.5**2, np.nan, 0.03 * (1 - 0.97**2)])
    assert found[0, 4] == pytest.approx(0.9 * (1 - 0.1**2))


@given(st.integers(0, 99), st.integers(0, 3), st.integers(0, 19), st.floats(0, 1))
def test_a_less_likely_night_never_raises_p_of_several(seed, machine, night, factor):
    p_values = np.random.default_rng(seed).random((4, 20))
    before = persistent(p_values, 2, 3)
    p_values[machine, night] *= factor
    assert (persistent(p_values, 2, 3) <= before + 1e-12).all()


def test_alarms_rank_first_then_p_then_strength_and_those_without_p_last():
    p_values = np.array([np.nan, 0.01, 0.001, 0.001, 0.5])
    found = ranking(np.array([False, False, False, False, True]), p_values, np.array([np.nan, 9, 3, 4, 0]))
    assert found.tolist() == [4, 3, 2, 1, 0]
