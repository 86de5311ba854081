from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.clip import Placement, clips_table
from asd_core.clips.nights import checked_night_end, in_nights, night_of, notes_on_untimed
from asd_core.errors import UsageError


@pytest.mark.parametrize(("text", "ends"), [("12:00", time(12)), ("6:30", time(6, 30)), ("0630", time(6, 30))])
def test_a_time_of_day_is_read(text: str, ends: time) -> None:
    assert checked_night_end(text) == ends


@pytest.mark.parametrize("text", ["", "noon", "24:00", "12:60", "12", "-1:00"])
def test_no_time_of_day_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="is no time of day: write it as 12:00"):
        checked_night_end(text)


@given(st.datetimes(datetime(1900, 1, 1)), st.times())
def test_a_night_is_the_day_on_which_the_clock_set_back_by_its_end_stands(moment: datetime, ends: time) -> None:
    back = moment - timedelta(hours=ends.hour, minutes=ends.minute, seconds=ends.second, microseconds=ends.microsecond)
    assert night_of(str(moment.date()), moment, ends) == str(back.date())


def test_a_date_that_is_not_the_recordings_own_day_is_a_night_already() -> None:
    assert night_of("2026-11-18", datetime(2026, 11, 19, 3, 15), time(12)) == "2026-11-18"


def test_the_clock_that_wrote_a_stamp_decides_and_what_tells_no_time_keeps_its_date() -> None:
    zone = timezone(timedelta(hours=9))
    placements = [
        Placement("fan", "07", date="2026-11-20", recorded_at=datetime(2026, 11, 20, 3, 15, tzinfo=UTC)),
        Placement("fan", "07", date="2026-11-20", recorded_at=datetime(2026, 11, 20, 11, 0, tzinfo=zone)),
        Placement("fan", "07", date="2026-11-19", recorded_at=datetime(2026, 11, 19, 22, 0, tzinfo=UTC)),
        Placement("fan", "07", date="2026-11-20"),
        Placement("fan", "07"),
    ]
    placed = in_nights(placements, time(12))
    assert [one.date for one in placed] == ["2026-11-19"] * 3 + ["2026-11-20", "undated"]
    clips = clips_table([f"file:///{i}.wav" for i in range(5)], [1] * 5, ["v"] * 5, placed)
    assert notes_on_untimed(clips, None) == []
    assert notes_on_untimed(clips, time(12)) == [
        "1 of 5 recordings tell no time, such as file:///3.wav: they keep their date, though the night ends at 12:00"
    ]
