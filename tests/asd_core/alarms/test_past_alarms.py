import math

import numpy as np
import pytest

from asd_core.alarms.discoveries import alarm_level
from asd_core.alarms.past_alarms import FAR, PastAlarms, count_interval, expected_new


def poisson(count, mean):
    return math.exp(-mean) * mean**count / math.factorial(count)


@pytest.mark.parametrize(("observed", "expected"), [(0, 0.9), (3, 0.86), (17, 8.6), (40, 60.0)])
def test_chances_are_the_sums_of_poissons_probabilities(observed, expected):
    past = PastAlarms(60, observed, expected)
    assert past.p_more == pytest.approx(1 - sum(poisson(k, expected) for k in range(observed)))
    assert past.p_fewer == pytest.approx(sum(poisson(k, expected) for k in range(observed + 1)))


@pytest.mark.parametrize("count", [0, 1, 12])
def test_at_the_ends_of_the_interval_a_count_is_just_as_rare_as_said(count):
    low, high = count_interval(count)
    assert sum(poisson(k, high) for k in range(count + 1)) == pytest.approx(0.025)
    assert low == 0 if count == 0 else 1 - sum(poisson(k, low) for k in range(count)) == pytest.approx(0.025)


def test_the_verdict_holds_as_often_as_promised_on_counts_that_are_as_expected():
    counts = np.random.default_rng(0).poisson(8.6, 20_000)
    limits = [count for count in range(60) if PastAlarms(60, count, 8.6).verdict == "more"]
    assert (counts >= min(limits)).mean() <= FAR * 1.5
    assert PastAlarms(60, min(limits) - 1, 8.6).verdict == "as_expected"


def test_too_many_and_too_few_alarms_are_said_with_what_may_be_wrong():
    more, fewer = PastAlarms(60, 25, 8.6).sentence(), PastAlarms(60, 30, 60.0).sentence()
    assert "2.9 times as many (95 % interval 1.9 to 4.3); so many come by chance once in 250,000 times." in more
    assert "the calibration is wrong" in more and "too careful" in fewer and "so few come by chance" in fewer
    some = PastAlarms(6, 4, 0.83).sentence()
    assert "so many come by chance once in 97 times." in some and "calibration" not in some
    assert "less than once in a million" in PastAlarms(60, 90, 8.6).sentence()
    assert PastAlarms(6, 1, 0.86).sentence() == (
        "1 new alarm in 6 judged nights, 0.86 expected if all were well: no more and no fewer than chance explains."
    )
    assert PastAlarms(0, 0, 0.0).sentence() == "No past night could be judged yet."


def test_json_has_the_counts_and_the_verdict():
    assert PastAlarms(60, 25, 8.6).json().keys() == {"nights", "new_alarms", "expected", "low", "high", "verdict"}


@pytest.mark.parametrize("rule", ["family", "bh"])
def test_a_night_of_a_whole_fleet_expects_the_false_alarms_that_it_puts_up_with(rule):
    p_values = np.linspace(0.3, 1, 200)
    found = expected_new(p_values, np.full(200, 1e-4), np.zeros(200, bool), 0.2, rule)
    assert found == pytest.approx(0.2) and alarm_level(p_values, 0.2, rule) == pytest.approx(0.2 / 200)


def test_machines_in_alarm_already_and_those_that_can_show_no_alarm_expect_none():
    p_values, floors = np.array([0.5, 0.5, 0.5, np.nan]), np.array([0.01, 0.01, 0.5, np.nan])
    assert expected_new(p_values, floors, np.array([True, False, False, False]), 0.3, "family") == pytest.approx(0.1)
    assert expected_new(p_values[3:], floors[3:], np.array([False]), 0.3, "family") == 0
