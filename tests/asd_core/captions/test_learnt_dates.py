import pytest

from asd_core.captions.learnt_dates import LearntDates
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

FAN, PUMP = ("scorers/key/fan/00", "v000001-a"), ("scorers/key/pump/00", "v000001-b")


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def fit(store, committed_at, scorers, **dates):
    record = {"run_id": f"fit-{committed_at}", "job": "fit", "key": "key", "scorers": dict(scorers)}
    store.commit_run({**record, "committed_at": committed_at, **dates})


def test_scorers_of_several_fits_learnt_the_dates_of_all_of_them(store):
    fit(store, "1", [FAN], dates=["2026-11-01", "2026-11-02"])
    fit(store, "2", [PUMP], dates=["2026-11-03"])
    fit(store, "3", [("scorers/key/fan/00", "v000002-c")], dates=["2026-11-04"])
    learnt = LearntDates(store, "key")
    assert learnt.of({PUMP}) == {"2026-11-03"}
    assert learnt.of({FAN, PUMP}) == {"2026-11-01", "2026-11-02", "2026-11-03"} and learnt.of(set()) == set()


def test_a_scorer_that_no_record_tells_of_and_a_record_without_dates_are_of_any(store):
    fit(store, "1", [FAN])
    learnt = LearntDates(store, "key")
    assert learnt.of({FAN}) is None and learnt.of({PUMP}) is None and learnt.of({FAN, PUMP}) is None
