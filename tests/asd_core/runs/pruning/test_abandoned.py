from datetime import UTC, datetime, timedelta

import pytest

from asd_core.runs.pruning.abandoned import abandoned_searches, abandoned_trainings, uncommitted_files
from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket

LIMIT = Limit.of(timedelta(days=10), datetime(2026, 11, 20, tzinfo=UTC))
OLD, YOUNG = (datetime(2026, 11, day, tzinfo=UTC).timestamp() for day in (1, 15))


def store_of(times):
    bucket = Bucket(dict.fromkeys(times, b""))
    bucket.modified = times
    return Store(bucket)


def test_a_search_is_abandoned_if_all_its_files_are_old_and_it_has_no_record():
    times = {"tuning/data/a/x": OLD, "tuning/data/a/y": OLD, "tuning/data/b/x": OLD, "tuning/data/b/y": YOUNG}
    times |= {"tuning/tune-1/index.html": OLD, "tuning/tune-2/index.html": OLD, "tuning/results/c/0.parquet": OLD}
    found = abandoned_searches(store_of(times), LIMIT, Named(run_ids={"tune-1"}))
    assert [one.name for one in found] == ["tuning/data/a", "tuning/tune-2"]


@pytest.mark.parametrize("kind", ["trained", "generators", "synthetic"])
def test_checkpoints_are_abandoned_when_they_are_old_and_what_was_trained_stays(kind):
    times = {f"{kind}/net/under_way/r/state.json": OLD, f"{kind}/other/under_way/r/state.json": YOUNG}
    store = store_of(times | {f"{kind}/net/0123/encoder.json": OLD})
    assert [one.name for one in abandoned_trainings(store, LIMIT)] == [f"{kind}/net/under_way/r"]


def test_files_that_no_record_names_go_and_answers_that_were_paid_for_stay():
    part, other = (f"score_parts/k/date=2026-11-01/nightly-{run}-00000-ab.parquet" for run in (1, 2))
    before = "scores/k/date=2026-11-01/nightly-3-00000.parquet"
    tables = [part, other, before, "captions/k/0.parquet", "clips/nightly-1.parquet"]
    whole = ["scores/k/2026-11-01.parquet", "answers/1.json", "intents/1.json", "labels/1.parquet", "runs/x.json"]
    store = store_of(dict.fromkeys([*tables, *whole], OLD))
    named = Named(paths={other, "clips/nightly-1.parquet"})
    assert {one.name for one in uncommitted_files(store, LIMIT, named)} == {part, before, "captions/k/0.parquet"}
    assert uncommitted_files(store_of(dict.fromkeys(tables, YOUNG)), LIMIT, Named()) == []
