from datetime import timedelta

import click
import pytest

from jobs.durations import Duration, at_minute, in_words


@pytest.mark.parametrize(
    ("text", "hours"), [("26h", 26), ("90m", 1.5), ("2d", 48), ("1.5 h", 1.5), ("4W", 672), (" 60m ", 1)]
)
def test_a_length_of_time_is_a_number_and_a_unit(text, hours):
    assert Duration().convert(text, None, None) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "26", "h", "-1h", "1y", "1h 30m", "nan h", "1e3h", "0h", "999999999w"])
def test_anything_else_is_refused_with_its_value(text):
    with pytest.raises(click.BadParameter, match=repr(text)[1:-1].strip() or "length"):
        Duration().convert(text, None, None)


def test_a_length_may_have_a_least():
    with pytest.raises(click.BadParameter, match="at least 24 h"):
        Duration(timedelta(days=1)).convert("23h", None, None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (93_600, "26 h"),
        (5400, "1 h 30 min"),
    ],
)
def test_a_length_is_said_in_its_units(seconds, words):
    assert in_words(timedelta(seconds=seconds)) == words


def test_days_and_times_before_now_are_said():
    assert (in_words(timedelta(days=3, hours=4)), in_words(-timedelta(minutes=5))) == ("3 d 4 h", "-5 min")


def test_a_moment_is_said_to_the_minute():
    assert (at_minute("2026-11-19T23:05:59.1+00:00"), at_minute(None), at_minute("")) == ("2026-11-19 23:05", "", "")
