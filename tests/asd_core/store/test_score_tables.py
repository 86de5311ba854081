import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.layout import night_path, score_part_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, to_parquet
from tests.stored_rows import rows


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def commit_scores(store, run_id, ids, scores, committed_at):
    path = score_part_path("key", "2026-11-01", run_id, 0)
    data = to_parquet(rows(SCORES, ids, anomaly_score=scores))
    store.files.write(path, data)
    record = {"run_id": run_id, "job": "score", "key": "key", "dates": ["2026-11-01"], "committed_at": committed_at}
    store.commit_run({**record, "score_files": {path: content_hash(data)}})


def test_scores_of_a_run_that_was_never_committed_are_not_read(store):
    store.files.write(score_part_path("key", "2026-11-01", "broken", 0), to_parquet(rows(SCORES, ["a"])))
    assert len(store.scores("key")) == 0


def test_of_a_clip_scored_twice_the_last_committed_row_is_read(store):
    commit_scores(store, "late", ["a", "b"], [3.0, 4.0], "2026-11-03")
    commit_scores(store, "early", ["b", "c"], [1.0, 2.0], "2026-11-02")
    read = store.scores("key", "2026-11-01", ["clip_id", "anomaly_score"])
    assert dict(zip(read["clip_id"].to_pylist(), read["anomaly_score"].to_pylist(), strict=True)) == {
        "a": 3.0,
        "b": 4.0,
        "c": 2.0,
    }


def test_scores_whose_bytes_have_changed_are_refused(store):
    commit_scores(store, "run", ["a"], [1.0], "2026-11-02")
    store.files.write(score_part_path("key", "2026-11-01", "run", 0), to_parquet(rows(SCORES, ["a"])))
    with pytest.raises(AsdError, match="bytes have changed"):
        store.scores("key")


def test_scores_that_are_gone_are_said(store):
    commit_scores(store, "run", ["a"], [1.0], "2026-11-02")
    (store.files.root / score_part_path("key", "2026-11-01", "run", 0)).unlink()
    with pytest.raises(AsdError, match="gone from the store"):
        store.scores("key")


def published(store, run_id):
    store.publish_nights("key", run_id, lambda stage, done, total: None)


def score_of(store, **columns):
    read = store.scores("key", **columns)
    return dict(zip(read["clip_id"].to_pylist(), read["anomaly_score"].to_pylist(), strict=True))


def test_a_night_is_read_from_its_file_alone(store):
    commit_scores(store, "run", ["a", "b"], [1.0, 2.0], "2026-11-02")
    published(store, "run")
    (store.files.root / score_part_path("key", "2026-11-01", "run", 0)).unlink()
    assert score_of(store) == score_of(store, columns=["anomaly_score", "clip_id"]) == {"a": 1.0, "b": 2.0}


def test_a_file_of_a_night_that_another_run_has_overtaken_or_that_is_broken_is_not_trusted(store):
    commit_scores(store, "run", ["a", "b"], [1.0, 2.0], "2026-11-02")
    published(store, "run")
    commit_scores(store, "later", ["b"], [3.0], "2026-11-03")
    assert score_of(store) == {"a": 1.0, "b": 3.0}
    published(store, "later")
    for data in (b"", store.files.read(night_path("key", "2026-11-01"))[:-9], to_parquet(rows(SCORES, ["x"]))):
        store.files.write(night_path("key", "2026-11-01"), data)
        assert score_of(store) == {"a": 1.0, "b": 3.0}


def test_a_clip_whose_date_was_corrected_is_read_once_from_several_nights(store):
    for run_id, date, value in [("first", "2026-11-01", 1.0), ("second", "2026-11-02", 2.0)]:
        path = score_part_path("key", date, run_id, 0)
        data = to_parquet(rows(SCORES, ["a"], anomaly_score=[value], date=[date]))
        store.files.write(path, data)
        record = {"run_id": run_id, "job": "score", "key": "key", "dates": [date], "committed_at": date}
        store.commit_run({**record, "score_files": {path: content_hash(data)}})
        published(store, run_id)
    assert score_of(store) == {"a": 2.0} and score_of(store, dates="2026-11-01") == {"a": 1.0}
