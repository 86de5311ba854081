from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.dates import parse_date, parse_moment, parse_time, recorded_at_in, tomorrow

NIGHT = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)


@given(st.dates())
def test_both_forms_of_a_date_are_read(day: object) -> None:
    assert parse_date(str(day)) == parse_date(str(day).replace("-", "")) == str(day)


@pytest.mark.parametrize(
    "text", ["", "2026-13-01", "2026-02-30", "2026-W47-4", "19.11.2026", "2026-11-19 ", "２０２６1119"]
)
def test_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "name",
    [
        "20261119T031500.wav",
        "fan07_2026-11-19T03-15-00_ch1.flac",
        "2026-11-19T03:15:00.250Z.wav",
        "x20261119T041500+0100.wav",
        "20261118T221500-05:00.wav",
    ],
)
def test_a_clear_time_in_a_name_is_read(name: str) -> None:
    assert recorded_at_in(name) == NIGHT


@pytest.mark.parametrize(
    "name", ["Take7.wav", "20261119.wav", "20261119_031500.wav", "20261119T250000.wav", "120261119T031500.wav", "T"]
)
def test_an_unclear_time_in_a_name_is_none(name: str) -> None:
    assert recorded_at_in(name) is None


def test_times_of_a_pattern_and_of_a_manifest_are_taken_as_utc() -> None:
    assert parse_time("2026-11-19", "031500") == parse_time("2026-11-19", "03-15") == NIGHT
    assert parse_time("2026-11-19", "03-1500") is None and parse_time("2026-11-19", "2460") is None
    assert parse_moment("2026-11-19 03:15") == parse_moment("2026-11-19T04:15:00+01:00") == NIGHT
    assert parse_moment("soon") is None


def test_no_recording_is_later_than_tomorrow() -> None:
    assert datetime.now(UTC).date().isoformat() <= tomorrow()
