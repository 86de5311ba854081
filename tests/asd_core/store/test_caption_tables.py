import pyarrow as pa
import pytest

from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import CAPTIONS, to_parquet
from tests.stored_rows import rows


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


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


def test_captions_of_a_date_are_those_of_its_clips(store):
    commit_captions(store, "key", "1")
    commit_captions(store, "key", "2", date="2026-11-02")
    assert store.captions("key", ["2026-11-02"])["difference_caption"].to_pylist() == ["2"]
    assert len(store.captions("key")) == 1  # the same clip, scorer and method


KEPT = pa.schema([pa.field("clip_id", pa.string()), pa.field("measures", pa.string())])


def measures(*ids):
    return pa.table({"clip_id": ids, "measures": ["{}"] * len(ids)}, schema=KEPT)


def ids_kept(store, *dates):
    return sorted(store.kept("measures/mix", KEPT, dates or None)["clip_id"].to_pylist())


def test_what_is_kept_of_a_clip_is_read_once(store):
    for ids in (["a", "b"], ["b", "c"], []):
        store.keep("measures/mix", measures(*ids), ["2026-11-01"] * len(ids))
    assert ids_kept(store) == ["a", "b", "c"]


def test_what_was_kept_of_other_nights_is_not_opened(store):
    store.keep("measures/mix", measures("normal", "flagged"), ["2026-11-01", "2026-11-05"])
    store.keep("measures/mix", measures("another"), ["2026-11-06"])
    store.files.write("measures/mix/0123.parquet", to_parquet(measures("of before")))
    assert ids_kept(store, "2026-11-01") == ["normal", "of before"]
    assert ids_kept(store, "2026-11-05", "2026-11-06") == ["another", "flagged", "of before"]
    assert len(ids_kept(store, "undated")) == len(ids_kept(store)) == 4
