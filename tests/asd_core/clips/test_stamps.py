from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.stamps import (
    Stamp,
    clock_in,
    date_in_folders,
    folders_of_dates,
    parse_moment,
    recorded_at_in,
    stamp_in,
)

NIGHT = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)).map(lambda moment: moment.replace(microsecond=0))
FORMS = [
    *("%Y%m%dT%H%M%S", "%Y%m%d_%H%M%S", "%Y%m%d-%H%M%S", "%Y%m%d%H%M%S", "%Y%m%d %H%M%S", "%Y-%m-%dT%H-%M-%S"),
    *("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d_%H-%M-%S", "%Y-%m-%d %H-%M-%S", "%Y-%m-%d %H.%M.%S", "%Y-%m-%d-%H-%M-%S"),
    *("%Y_%m_%d_%H_%M_%S", "%Y.%m.%d at %H.%M.%S", "%Y-%m-%d_%H%M%S", "%Y%m%d_%H-%M-%S", "%Y%m%d__%H%M%S"),
]


@given(MOMENTS, st.sampled_from(FORMS), st.sampled_from(["", "S4A01234_", "fan07-", "x"]), st.sampled_from(["", "_1"]))
def test_a_stamp_of_any_recorder_is_read(moment: datetime, form: str, before: str, behind: str) -> None:
    name = f"{before}{moment:{form}}{behind}.WAV"
    assert stamp_in(name) == Stamp(str(moment.date()), moment.replace(tzinfo=UTC))


@given(MOMENTS, st.integers(-12, 14), st.sampled_from(["%Y%m%dT%H%M%S", "%Y-%m-%d_%H-%M-%S", "%Y%m%d_%H%M%S"]))
def test_a_stamp_with_a_zone_keeps_its_own_date(moment: datetime, east: int, form: str) -> None:
    zone = f"{east:+03}00"
    expected = datetime.fromisoformat(f"{moment.isoformat()}{east:+03}:00")
    stamp = stamp_in(f"{moment:{form}}{zone}_mic1.wav")
    assert stamp == Stamp(str(moment.date()), expected)
    assert stamp.moment is not None and stamp.moment.replace(tzinfo=None) == moment


@pytest.mark.parametrize(
    "name",
    [
        "20261119T031500.wav",
        "fan07_2026-11-19T03-15-00_ch1.flac",
        "2026-11-19T03:15:00.250Z.wav",
        "x20261119T041500+0100.wav",
        "20261118T221500-05:00.wav",
        "2026-11-19T04-15-00+01-00.wav",
        "20261119_031500123.wav",
        "2026-11-19 03:15.wav",
        "20190412_20261119_031500.wav",
        "20261119_031500-0001.wav",
        "2026-11-19T03%3A15%3A00Z.wav",
        "2026-11-19%2003-15-00.wav",
    ],
)
def test_a_clear_time_in_a_name_is_read(name: str) -> None:
    assert recorded_at_in(name) == NIGHT


@pytest.mark.parametrize(
    "name", ["Take7.wav", "20261119.wav", "20261119_0001.wav", "20261119T250000.wav", "120261119T031500.wav", "T"]
)
def test_an_unclear_time_in_a_name_is_none(name: str) -> None:
    assert recorded_at_in(name) is None


@pytest.mark.parametrize("name", ["2026-11-19.wav", "mic1_20261119.wav", "fan2026-11-19b.wav", "20261119_0001.wav"])
def test_a_date_alone_is_read(name: str) -> None:
    assert stamp_in(name) == Stamp("2026-11-19")


@pytest.mark.parametrize(
    "name",
    [
        *("00000000.wav", "20261399.wav", "20260230_000000.wav", "SN20190412.wav", "x20261119.wav", "20261119a.wav"),
        *("120261119.wav", "202611190.wav", "2026-11-199.wav", "20261119031500999999.wav", "fan_2019_1_2.wav"),
        *("2025-11-19_to_2026-11-19.wav", "section_00_source_train_normal_0000_noAttribute.wav"),
    ],
)
def test_digits_that_are_no_date_are_not_taken_for_one(name: str) -> None:
    assert stamp_in(name) is None


@given(st.text("0123456789", min_size=9, max_size=11))
def test_a_serial_number_of_nine_to_eleven_digits_is_no_date(number: str) -> None:
    assert stamp_in(f"{number}.wav") is None and stamp_in(f"mic_{number}_1.wav") is None


def test_the_moment_of_a_manifest_keeps_its_zone() -> None:
    assert parse_moment("2026-11-19 03:15") == parse_moment("2026-11-19T04:15:00+01:00") == NIGHT
    moment = parse_moment("2026-11-19T00:30:00+01:00")
    assert moment is not None and moment.date().isoformat() == "2026-11-19"
    assert parse_moment("soon") is None


@pytest.mark.parametrize(
    ("folder", "date"),
    [
        ("fan/07/2026/11/19", "2026-11-19"),
        ("2026/1/9/mic1", "2026-01-09"),
        ("2026-11-19/fan", "2026-11-19"),
        ("20261119", "2026-11-19"),
        ("2019/2026/11/19", "2026-11-19"),
        ("2026/11", None),
        ("2026/13/01", None),
        ("fan2026-11-19", None),
        ("20261399", None),
    ],
)
def test_folders_tell_a_date(folder: str, date: str | None) -> None:
    assert date_in_folders(folder) == date


def test_only_folders_of_digits_at_the_end_of_an_archives_path_tell_its_night() -> None:
    assert folders_of_dates("srv/2026/11/19") == "2026/11/19" and folders_of_dates("2026-11") == "2026-11"
    assert folders_of_dates("srv/2019-04-12/recordings") == folders_of_dates("") == ""


def test_a_name_that_is_a_time_alone_is_a_time_of_its_folders_day() -> None:
    for name in ("031500.wav", "03-15-00.flac", "03.15.00.wav", "03_15_00.WAV"):
        assert clock_in("2026-11-19", name) == NIGHT
    for name in ("0315.wav", "253000.wav", "0315001.wav", "a031500.wav", "031500_1.wav"):
        assert clock_in("2026-11-19", name) is None
