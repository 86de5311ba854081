from datetime import UTC, datetime, timedelta

from asd_core.clips.clip import UNDATED
from asd_core.clips.occasions import kind_of_occasion, occasions

START = datetime(2026, 11, 19, 22, tzinfo=UTC)


def test_clips_of_one_date_are_of_one_night_whatever_their_times():
    assert occasions(["2026-11-19"] * 2, [START, START + timedelta(hours=5)]) == ["2026-11-19"] * 2


def test_without_a_date_an_hour_of_silence_ends_a_session():
    minutes = [130, 0, 50, 100, 400]
    found = occasions([UNDATED] * 5, [START + timedelta(minutes=m) for m in minutes])
    assert found[0] == found[1] == found[2] == found[3] == "session of 2026-11-19 22:00:00" != found[4]


def test_a_clip_without_date_and_time_is_of_no_occasion():
    assert occasions([UNDATED, UNDATED], [None, START]) == ["", "session of 2026-11-19 22:00:00"]


def test_the_kind_of_an_occasion_is_read_from_its_name():
    assert [kind_of_occasion(name) for name in ("2026-11-19", "session of x", "")] == ["night", "session", "clip"]
