import pytest

from asd_core.errors import UsageError
from asd_core.runs.run_lists import files_of, find_run, gone_files, past_run, run_entries
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.runs import kept_runs

RUNS = ("a", "2026-11-17", "18T05"), ("b", "2026-11-18", "19T05"), ("a", "2026-11-19", "20T05")
FITS = (("a", "2026-11-01", "10T05"),)


@pytest.fixture
def store():
    return Store(Bucket(kept_runs(*RUNS) | kept_runs(*FITS, job="fit")))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["nightly-2", "nightly-1", "nightly-0", "fit-0"]),
        ({"job": "fit"}, ["fit-0"]),
        ({"key": "a", "until": "2026-11-18"}, ["nightly-0", "fit-0"]),
        ({"since": "2026-11-19"}, ["nightly-2", "nightly-1"]),
        ({"since": "2026-11-21"}, []),
    ],
    ids=["all", "job", "key", "since", "none"],
)
def test_runs_come_newest_first_and_none_is_opened(store, wanted, found):
    assert [entry.run_id for entry in run_entries(store, **wanted)] == found
    assert store.files.requests["read", "runs"] == 0


def test_a_run_in_a_line_has_what_its_record_tells(store):
    run = past_run(store, run_entries(store)[0])
    assert (run.run_id, run.key, run.first_date, run.seconds, run.counts) == ("nightly-2", "a", "2026-11-19", None, {})


@pytest.mark.parametrize(
    ("begins", "found"), [("fit", "fit-0"), ("fit-0", "fit-0"), ("nightly-1", "nightly-1"), ("2", "nightly-2")]
)
def test_a_run_is_found_by_the_beginning_of_its_id_or_of_its_hash(store, begins, found):
    assert find_run(store, begins)["run_id"] == found


@pytest.mark.parametrize(
    ("begins", "why"),
    [
        ("x", "no run begins with 'x'"),
        ("", "no run begins with ''"),
        ("night", "3 runs begin with 'night': nightly-0, nightly-1"),
    ],
    ids=["none", "empty", "several"],
)
def test_none_and_several_are_told(store, begins, why):
    with pytest.raises(UsageError, match=why):
        find_run(store, begins)


def test_the_files_of_a_run_are_told_by_kind_and_those_that_are_gone():
    record = {
        "score_files": {"s/1": "h"},
        "clips": "clips/x",
        "scorers": {"scorers/a/fan/0": "v1"},
        "page": "p",
        "recipes": ["r"],
    }
    assert files_of(record) == {
        "scores": ["s/1"],
        "manifest": ["clips/x"],
        "page": ["p"],
        "recipes": ["r"],
        "scorers": ["scorers/a/fan/0/v1/scorer.json"],
    }
    there = Store(Bucket(dict.fromkeys(["s/1", "p", "r", "scorers/a/fan/0/v1/scorer.json"], b"")))
    assert gone_files(there, record) == ["clips/x"] and files_of({"clips": None}) == {}
    assert gone_files(there, {"score_files": {str(number): "" for number in range(1001)}}) is None
