from datetime import UTC, datetime

import pytest

from asd_core.runs.records import commit, now
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_the_run_committed_last_is_the_newest_of_its_key_though_a_clock_ran_ahead(store):
    store.commit_run(
        {"run_id": "ahead", "job": "score", "key": "k", "committed_at": "2099-01-01T00:00:00.999999+00:00"}
    )
    for name in ("z", "a"):
        commit(store, {"run_id": name, "job": "score", "key": "k"})
    assert [run["run_id"] for run in store.runs(key="k")] == ["ahead", "z", "a"]
    assert store.run("z")["committed_at"] == "2099-01-01T00:00:01.000000+00:00"


@pytest.mark.parametrize("key", ["other", ""])
def test_a_run_of_another_key_or_none_has_the_time_itself(store, key):
    store.commit_run(
        {"run_id": "ahead", "job": "score", "key": "k", "committed_at": "2099-01-01T00:00:00.999999+00:00"}
    )
    before = now()
    commit(store, {"run_id": "r", "job": "embed", "key": key})
    assert before <= store.run("r")["committed_at"] <= datetime.now(UTC).isoformat(timespec="microseconds")


def test_a_run_that_was_published_keeps_its_record(store):
    commit(store, {"run_id": "r", "job": "score", "key": "k"})
    first = store.run("r")
    commit(store, {"run_id": "r", "job": "score", "key": "k"})
    assert store.run("r") == first
