from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.dates import day_of, moment_of, parse_date, parse_time, tomorrow

NIGHT = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)


@given(st.dates(), st.sampled_from("-/._"))
def test_every_form_of_a_date_is_read(day: date, sign: str) -> None:
    assert parse_date(str(day)) == parse_date(str(day).replace("-", "")) == str(day)
    assert parse_date(f"{day.year:04}{sign}{day.month}{sign}{day.day}") == str(day)


@pytest.mark.parametrize(
    "text", ["2026-11-19 03:15:00", "2026-11-19T00:30+01:00", "20261119T031500", "20261119_031500"]
)
def test_a_time_behind_a_date_does_not_hide_it(text: str) -> None:
    assert parse_date(text) == "2026-11-19"


@pytest.mark.parametrize(
    "text", ["", "2026-13-01", "2026-02-30", "2026-W47-4", "19.11.2026", "2026-11-19 ", "２０２６1119", "2026-11_19"]
)
def test_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_digits_make_a_day_only_with_a_year_of_four() -> None:
    assert day_of("2026", "1", "9") == "2026-01-09"
    assert day_of("26", "1", "9") is None and day_of("2026", "1_0", "9") is None and day_of("2026", "", "9") is None


def test_a_moment_keeps_the_clock_that_wrote_it() -> None:
    local = moment_of("2026-11-19", "04", "15", "0", 60)
    assert local == NIGHT and local is not None and local.hour == 4
    assert moment_of("2026-11-19", "24") is None and moment_of("2026-11-19", "x") is None
    assert moment_of("0001-01-01", "0", "0", "0", 60) is None


def test_times_of_a_pattern_are_taken_as_utc() -> None:
    assert parse_time("2026-11-19", "031500") == parse_time("2026-11-19", "03-15") == NIGHT
    assert parse_time("2026-11-19", "03_15_00") == parse_time("2026-11-19", "03.15.00") == NIGHT
    assert parse_time("2026-11-19", "03-1500") is None and parse_time("2026-11-19", "2460") is None


def test_no_recording_is_later_than_tomorrow() -> None:
    assert datetime.now(UTC).date().isoformat() <= tomorrow()
