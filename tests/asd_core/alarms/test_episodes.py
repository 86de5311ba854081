import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from asd_core.alarms.episodes import episodes, tiers

ALARM, WATCH, QUIET, LOST = 0.001, 0.005, 0.5, np.nan
NIGHTS = st.lists(st.lists(st.sampled_from([ALARM, WATCH, QUIET, LOST]), min_size=8, max_size=8), min_size=1)


def found(nights, clear_after=2):
    return episodes(np.array([nights]), np.full(len(nights), 0.002), clear_after, 0.01)


def test_an_alarm_is_new_goes_on_and_is_cleared_after_quiet_nights_in_a_row():
    nights = found([QUIET, ALARM, QUIET, ALARM, WATCH, QUIET, LOST, QUIET, QUIET, ALARM])
    going_on = ["continuing"] * 4
    assert nights.states[0].tolist() == ["", "new", *going_on, "", "cleared", "", "new"]
    assert nights.since[0].tolist() == [-1, 1, 1, 1, 1, 1, -1, 1, -1, 9]
    assert nights.nights_in_alarm[0].tolist() == [0, 1, 2, 3, 4, 5, 0, 6, 0, 1]
    assert nights.in_alarm[0].sum() == 6


def test_one_quiet_night_may_be_enough():
    assert found([ALARM, QUIET, ALARM], clear_after=1).states[0].tolist() == ["new", "cleared", "new"]


def one_by_one(nights, clear_after):
    """The states of one machine, night by night."""
    open_since, quiet, states = None, 0, []
    for p in nights:
        if np.isnan(p):
            states.append("")
            continue
        quiet = quiet + 1 if p == QUIET else 0
        if p == ALARM:
            states.append("new" if open_since is None else "continuing")
            open_since = True
        elif open_since is None:
            states.append("")
        elif quiet >= clear_after:
            states.append("cleared")
            open_since = None
        else:
            states.append("continuing")
    return states


@given(NIGHTS, st.integers(1, 3))
def test_all_machines_equal_a_twin_that_goes_night_by_night(nights, clear_after):
    together = episodes(np.array(nights), np.full(8, 0.002), clear_after, 0.01)
    assert together.states.tolist() == [one_by_one(machine, clear_after) for machine in nights]


@given(NIGHTS)
def test_later_nights_change_nothing_of_earlier_ones(nights):
    whole = episodes(np.array(nights), np.full(8, 0.002), 2, 0.01)
    start = episodes(np.array(nights)[:, :5], np.full(5, 0.002), 2, 0.01)
    assert_array_equal(whole.states[:, :5], start.states)
    assert_array_equal(whole.nights_in_alarm[:, :5], start.nights_in_alarm)


def test_tiers_follow_the_alarm_then_p():
    p_values = np.array([ALARM, QUIET, WATCH, QUIET, LOST])
    in_alarm = np.array([True, True, False, False, True])
    assert tiers(p_values, in_alarm, 0.01).tolist() == ["act", "act", "watch", "within_chance", "not_decided"]
