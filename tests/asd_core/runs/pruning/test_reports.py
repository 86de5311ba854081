from datetime import UTC, datetime, timedelta

from asd_core.runs.pruning.prunable import Limit
from asd_core.runs.pruning.reports import night_of, old_reports, report_folders
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.runs import kept_runs

LIMIT = Limit.of(timedelta(days=10), datetime(2026, 11, 20, 6, tzinfo=UTC))


def old(bucket):
    store = Store(bucket)
    return old_reports(store, report_folders(store), LIMIT)


def names(bucket):
    return [night_of(one.name) for one in old(bucket)]


def pages(*nights):
    return {f"reports/{key}/date={date}/{name}": b"" for key, date in nights for name in ("index.html", "media/a.png")}


def test_a_report_is_old_by_its_night_and_by_the_last_run_on_it():
    runs = ("k", "2026-11-01", "01T23"), ("k", "2026-11-02", "02T23"), ("k", "2026-11-12", "12T23")
    bucket = Bucket(pages(*((key, date) for key, date, _ in runs)) | kept_runs(*runs, ("k", "2026-11-02", "15T05")))
    (one,) = old(bucket)
    assert one.name == "reports/k/date=2026-11-01"
    assert [info.path.rpartition("/")[2] for info in one.first + one.rest] == ["index.html", "a.png"]


def test_clips_without_a_date_are_old_by_the_last_run_alone():
    bucket = Bucket(
        pages(("a", "undated"), ("b", "undated")) | kept_runs(("a", "undated", "01T23"), ("b", "undated", "15T23"))
    )
    assert names(bucket) == [("a", "undated")]


def test_a_report_without_a_run_is_old_once_its_files_are_too():
    bucket = Bucket(pages(("k", "2026-11-01")))
    assert names(bucket) == []
    bucket.modified = dict.fromkeys(bucket.files, datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    assert names(bucket) == [("k", "2026-11-01")]


def test_pages_of_other_kinds_are_no_reports_of_nights():
    bucket = Bucket(dict.fromkeys(["reports/k/index.html", "reports/training/net/00/index.html"], b""))
    assert report_folders(Store(bucket)) == {}
