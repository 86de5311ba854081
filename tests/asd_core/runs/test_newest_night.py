from datetime import UTC, datetime, timedelta

import pytest

from asd_core.errors import AsdError
from asd_core.runs.newest_night import NewestNight, newest_night, newest_nights, overdue
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.runs import kept_runs

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)


def store_of(*runs):
    return Store(Bucket(kept_runs(*runs)))


def test_the_newest_night_is_the_latest_date_by_its_first_commit_and_no_record_is_opened():
    store = store_of(("a", "2026-11-18", "18T23"), ("a", "2026-11-19", "19T23"), ("a", "2026-11-19", "20T05"))
    assert newest_night(store, "a") == NewestNight("a", "2026-11-19", "2026-11-19T23:00:00.000000+00:00")
    assert not [kind for kind, _ in store.files.requests if kind == "read"]


def test_a_past_night_that_is_scored_again_makes_no_newer_one():
    store = store_of(("a", "2026-11-17", "17T23"), ("a", "2026-11-01", "20T05"))
    assert newest_night(store, "a").age(NOW) == timedelta(days=2, hours=7)


def test_a_store_without_nights_has_none():
    assert newest_night(store_of(), "a") is None and newest_nights(store_of(), 7) == []


def test_of_clips_without_a_date_the_last_run_counts():
    store = store_of(("a", "undated", "18T23"), ("a", "undated", "19T23"))
    assert (newest_night(store, "a").date, newest_night(store, "a").committed_at[:13]) == ("undated", "2026-11-19T23")
    store = store_of(("a", "undated", "19T23"), ("a", "2026-11-17", "18T23"))
    assert newest_night(store, "a").date == "2026-11-17"


def test_a_recipe_is_in_use_if_its_newest_night_is_near_to_the_newest_of_all():
    runs = ("a", "2026-11-19", "19T23"), ("b", "2026-11-12", "12T23"), ("c", "2026-11-02", "02T23")
    assert [night.key for night in newest_nights(store_of(*runs), 7)] == ["a", "b"]
    assert [night.key for night in newest_nights(store_of(*runs), 366)] == ["a", "b", "c"]


def test_the_nights_that_are_overdue_come_with_the_oldest_first():
    nights = newest_nights(store_of(*((key, f"2026-11-{day}", f"{day}T23") for key, day in (("a", 19), ("b", 18)))), 7)
    assert overdue(nights, timedelta(hours=26), NOW) == [nights[1]]
    assert overdue(nights, timedelta(hours=6), NOW) == nights[::-1]
    assert overdue(nights, timedelta(hours=31), NOW) == []


def test_a_record_without_a_time_is_told():
    with pytest.raises(AsdError, match="a on 2026-11-19 has no time"):
        NewestNight("a", "2026-11-19", "").age()
