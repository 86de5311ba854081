import json

import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_a_run_is_published_once(store):
    assert store.run("r") is None
    store.commit_run({"run_id": "r", "job": "fit"})
    store.commit_run({"run_id": "r", "job": "other"})
    assert store.run("r") == {"run_id": "r", "job": "fit"}


def test_a_broken_record_is_said_in_one_line(store):
    store.files.write("runs/x.json", b"{")
    with pytest.raises(AsdError, match="no valid JSON"):
        store.runs()


def test_records_are_plain_json(store):
    store.commit_run({"run_id": "r", "job": "fit", "counts": {"listed": 1}})
    assert json.loads(store.files.read("runs/r.json"))["counts"] == {"listed": 1}


class Counted(LocalFiles):
    """A folder that notes which files are read."""

    def __init__(self, root):
        super().__init__(root)
        self.opened = []

    def read(self, path):
        self.opened.append(path)
        return super().read(path)


NOW = "2026-11-02T01:02:03.000004+00:00"


def record(run_id, job="nightly", key="twfr-knn-1", dates=("2026-11-01",), committed_at=NOW):
    return {"run_id": run_id, "job": job, "key": key, "dates": list(dates), "committed_at": committed_at}


def test_the_index_tells_job_key_date_and_time_without_opening_a_record(tmp_path):
    for number, date in enumerate(["2026-11-01", "2026-11-02", "undated"]):
        earlier = f"2026-12-0{9 - number}"
        Store(LocalFiles(tmp_path)).commit_run(record(f"r{number}", dates=[date], committed_at=earlier))
    Store(LocalFiles(tmp_path)).commit_run({"run_id": "tune-1", "job": "tune", "key": ""})
    store = Store(Counted(tmp_path))
    assert [entry.run_id for entry in store.entries(["nightly"], "twfr-knn-1")] == ["r2", "r1", "r0"]
    assert [entry.first_date for entry in store.entries(dates=["2026-11-02", "undated"])] == ["undated", "2026-11-02"]
    assert [entry.run_id for entry in store.entries(["tune"])] == ["tune-1"] and store.files.opened == []


def test_a_record_without_an_entry_is_found_and_indexed_by_the_next_commit(tmp_path):
    old = record("old", committed_at="2026-11-01")
    LocalFiles(tmp_path).write("runs/old.json", json.dumps(old).encode())
    assert Store(LocalFiles(tmp_path)).runs() == [old] and not (tmp_path / "run_index").exists()
    store = Store(LocalFiles(tmp_path))
    assert [entry.run_id for entry in store.entries()] == ["old"]
    store.commit_run(record("new"))
    counted = Store(Counted(tmp_path))
    assert [entry.run_id for entry in counted.entries()] == ["old", "new"] and counted.files.opened == []


def test_no_record_is_opened_twice(tmp_path):
    Store(LocalFiles(tmp_path)).commit_run(record("r", dates=["2026-11-01", "2026-11-05"]))
    store = Store(Counted(tmp_path))
    assert store.entries(dates=["2026-11-03"]) == []  # within its span and none of its dates
    for _ in range(3):
        assert [run["run_id"] for run in store.runs("nightly", "twfr-knn-1", ["2026-11-05"])] == ["r"]
    assert store.files.opened == ["runs/r.json"]


def test_a_record_that_was_removed_is_no_run(tmp_path):
    store = Store(LocalFiles(tmp_path))
    store.commit_run(record("r"))
    (tmp_path / "runs/r.json").unlink()
    assert store.entries() == [] and Store(LocalFiles(tmp_path)).entries() == []


def test_runs_that_others_commit_meanwhile_are_seen(tmp_path):
    mine, theirs = Store(LocalFiles(tmp_path)), Store(LocalFiles(tmp_path))
    for number in range(3):
        theirs.commit_run(record(f"r{number}"))
        assert len(mine.runs()) == number + 1


def test_any_word_of_a_record_comes_back_from_its_name(tmp_path):
    given = ["a,b", "", "%", ".x", "ü/ö", "in_nights"]
    for number, word in enumerate(given):
        told = record(f"r{number}", job=f"j{word}", key=word, dates=[word] if word else [])
        Store(LocalFiles(tmp_path)).commit_run(told)
    store = Store(Counted(tmp_path))
    found = sorted(store.entries(), key=lambda entry: entry.run_id)
    assert [(entry.job, entry.key, entry.first_date) for entry in found] == [(f"j{word}", word, word) for word in given]
    assert store.files.opened == []


def test_other_files_among_the_entries_are_none(tmp_path):
    store = Store(LocalFiles(tmp_path))
    store.commit_run(record("r"))
    for path in ("run_index/x", "run_index/key/nightly/x", "run_index/a/b/c/d,e,f,g", "run_index/key/in_nights/r"):
        store.files.write(path, b"")
    assert [entry.run_id for entry in Store(LocalFiles(tmp_path)).entries()] == ["r"]


@pytest.mark.parametrize(
    "changes", [{"job": None}, {"dates": None}, {"dates": [1]}, {"score_files": [{"a": 1}]}, {"seconds": {"a": None}}]
)
def test_a_record_whose_fields_are_of_other_types_names_itself_and_the_field(tmp_path, changes):
    record = {"run_id": "r", "job": "score", "key": "k", "dates": ["2026-11-01"], "committed_at": "t"}
    LocalFiles(tmp_path).write("runs/r.json", json.dumps(record | changes).encode())
    field = next(iter(changes))
    with pytest.raises(AsdError, match=f"^runs/r.json in the store is no record of a run: {field} is .*; restore it"):
        Store(LocalFiles(tmp_path)).runs()
