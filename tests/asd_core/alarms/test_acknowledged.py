"""Acknowledged alarms: quiet from the labelled night on, and back when they change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.alarms.acknowledged import WORSE_BY, WORSE_TIMES, NightAnswer, acknowledged, is_clearly_worse
from asd_core.alarms.episodes import episodes

DATES = [f"2026-11-{day:02d}" for day in range(1, 11)]
FAULT = NightAnswer("fault", "bearing")


def quiet(states, answers, strength=None):
    """Of one machine, night by night; states in one letter each."""
    words = {"n": "new", "c": "continuing", "o": "cleared", ".": ""}
    table = np.array([[words[letter] for letter in states]])
    strength = np.full(table.shape, 5.0) if strength is None else np.array([strength], float)
    found, told = acknowledged(
        table, strength, DATES[: len(states)], {(0, night): one for night, one in answers.items()}
    )
    assert set(told) == set(zip(*np.nonzero(found), strict=True))
    return "".join("q" if one else "-" for one in found[0])


def test_an_alarm_is_quiet_from_the_labelled_night_to_its_end():
    assert quiet("nccco.", {1: FAULT}) == "-qqq--"
    assert quiet("nccc.cc", {0: FAULT}) == "qqqq-qq"  # a night that could not be judged does not end it


def test_a_new_alarm_comes_back():
    assert quiet("nconcc", {0: FAULT}) == "qq----"


def test_an_ignored_alarm_comes_back_after_its_date_and_can_be_ignored_again():
    until = NightAnswer("ignore", until=DATES[2])
    assert quiet("nccccc", {0: until}) == "qqq---"
    assert quiet("nccccc", {0: until, 4: NightAnswer("ignore", until=DATES[9])}) == "qqq-qq"


def test_an_alarm_that_gets_clearly_worse_is_back_until_it_is_labelled_again():
    assert quiet("nccccc", {0: FAULT}, [5, 6, 12, 5, 5, 5]) == "qq----"
    assert quiet("nccccc", {0: FAULT, 3: FAULT}, [5, 6, 12, 13, 14, 5]) == "qq-qqq"


def test_a_fault_that_grows_slowly_is_measured_against_the_labelled_night():
    assert quiet("ncccccc", {0: FAULT}, [5, 6, 7, 8, 9, 10, 11]) == "qqqqqq-"


@pytest.mark.parametrize("answers", [{}, {0: NightAnswer("normal")}, {5: FAULT}])
def test_other_answers_and_those_on_nights_without_an_alarm_quiet_nothing(answers):
    assert quiet("ncco..", answers) == "------"


@given(st.lists(st.floats(0, 1), min_size=10, max_size=10), st.integers(0, 9))
def test_only_alarms_are_quiet_and_only_from_the_answer_on(p_values, night):
    found = episodes(np.array([p_values]), np.full(10, 0.3), clear_after=2, quiet_above=0.5)
    marked, _ = acknowledged(found.states, np.zeros((1, 10)), DATES, {(0, night): FAULT})
    assert not (marked & ~found.in_alarm).any() and not marked[0, :night].any()
    assert marked[0, night] == found.in_alarm[0, night]


def test_worse_is_beyond_both_bounds():
    assert not is_clearly_worse(WORSE_BY, 0.0) and is_clearly_worse(WORSE_BY + 0.1, 0.0)
    assert not is_clearly_worse(100 * WORSE_TIMES, 100.0) and is_clearly_worse(100 * WORSE_TIMES + 1, 100.0)
