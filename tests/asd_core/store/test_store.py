import json

import pyarrow as pa
import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import INDEX, Store, safe_name
from asd_core.store.tables import CAPTIONS, CLIPS, EMBEDDINGS, SCORES, to_parquet


def rows(schema, ids, **given):
    """Rows of a schema with these clip ids, other columns blank or as given."""
    blank = {pa.string(): "", pa.int64(): 0}
    columns = {f.name: [None if f.nullable else blank[f.type]] * len(ids) for f in schema}
    columns |= {"clip_id": ids, "uri": [f"file:///{i}" for i in ids], "date": ["2026-11-01"] * len(ids), **given}
    return pa.table(columns, schema=schema)


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def commit_scores(store, run_id, ids, scores, committed_at):
    path = store.scores_path("key", "2026-11-01", run_id, 0)
    data = to_parquet(rows(SCORES, ids, anomaly_score=scores))
    store.files.write(path, data)
    record = {"run_id": run_id, "job": "score", "key": "key", "dates": ["2026-11-01"], "committed_at": committed_at}
    return store.commit_run({**record, "score_files": {path: content_hash(data)}})


def test_a_run_is_published_once(store):
    assert store.run("r") is None
    assert store.commit_run({"run_id": "r", "job": "fit"})
    assert not store.commit_run({"run_id": "r", "job": "other"})
    assert store.run("r") == {"run_id": "r", "job": "fit"}


def test_scores_of_a_run_that_was_never_committed_are_not_read(store):
    store.files.write(store.scores_path("key", "2026-11-01", "broken", 0), to_parquet(rows(SCORES, ["a"])))
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
    store.files.write(store.scores_path("key", "2026-11-01", "run", 0), to_parquet(rows(SCORES, ["a"])))
    with pytest.raises(AsdError, match="bytes have changed"):
        store.scores("key")


def test_scores_that_are_gone_are_said(store):
    commit_scores(store, "run", ["a"], [1.0], "2026-11-02")
    (store.files.root / store.scores_path("key", "2026-11-01", "run", 0)).unlink()
    with pytest.raises(AsdError, match="gone from the store"):
        store.scores("key")


def commit_captions(store, key, text, scorer="v1", date="2026-11-01"):
    told = {"llm": ["echo"], "method": ["acoustic"], "date": [date]}
    table = rows(CAPTIONS, ["a"], difference_caption=[text], scorer_version=[scorer], **told)
    path, checksum = store.write_captions(key, table)
    record = {"run_id": f"caption-{text}", "job": "caption", "key": key, "dates": [date], "committed_at": text}
    store.commit_run({**record, "llm": "echo", "method": "acoustic", "caption_files": {path: checksum}})
    return store.files.root / path


def test_of_a_clip_captioned_often_the_last_caption_of_each_scorer_is_read(store):
    for text, scorer in [("1 old", "v1"), ("2 new", "v1"), ("3 refitted", "v2")]:
        commit_captions(store, "key", text, scorer)
    assert set(store.captions("key")["difference_caption"].to_pylist()) == {"2 new", "3 refitted"}


def test_answers_are_found_under_every_recipe_and_not_where_their_file_is_gone(store):
    commit_captions(store, "key", "1")
    commit_captions(store, "other", "2")
    commit_captions(store, "other", "3", date="2026-11-02")
    commit_captions(store, "gone", "4").unlink()
    assert store.answers("echo", "acoustic", ["2026-11-01"])["difference_caption"].to_pylist() == ["1", "2"]
    assert len(store.answers("another", "acoustic", ["2026-11-01"])) == 0


def test_shards_of_a_broken_run_count_as_embedded_and_each_clip_once(store):
    for shard, ids in {"one": ["a", "b"], "two": ["b", "c"]}.items():
        store.files.write(store.shard_path("f", shard), to_parquet(rows(EMBEDDINGS, ids)))
    found = store.embedded("f")
    assert found.schema == INDEX
    assert found["clip_id"].to_pylist() == ["a", "b", "c"]
    assert found["shard"].to_pylist() == ["one", "one", "two"]


def test_indexed_shards_are_not_opened_again(store):
    store.files.write(store.shard_path("f", "one"), b"not even a Parquet file")
    store.write_index("f", rows(INDEX, ["a"], shard=["one"]))
    assert store.embedded("f")["clip_id"].to_pylist() == ["a"]


def test_a_broken_record_is_said_in_one_line(store):
    store.files.write("runs/x.json", b"{")
    with pytest.raises(AsdError, match="no valid JSON"):
        store.runs()


def test_any_word_becomes_one_file_name():
    for word in ["../../etc", "a/b", "..", "", "<script>", "new\nline", "ü"]:
        name = safe_name(word)
        assert "/" not in name and name not in ("", ".", "..")
    assert safe_name("fan 07") == "fan 07"


def test_records_are_plain_json(store):
    store.commit_run({"run_id": "r", "job": "fit", "counts": {"listed": 1}})
    assert json.loads(store.files.read("runs/r.json"))["counts"] == {"listed": 1}
    assert len(CLIPS.names) == len(set(CLIPS.names))
