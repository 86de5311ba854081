import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.embedding_tables import ONE_INDEX_FILE
from asd_core.store.layout import shard_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import INDEX, Store
from asd_core.store.tables import EMBEDDINGS, to_parquet
from tests.stored_rows import rows


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_shards_of_a_broken_run_count_as_embedded_and_each_clip_once(store):
    for shard, ids in {"one": ["a", "b"], "two": ["b", "c"]}.items():
        store.files.write(shard_path("f", shard), to_parquet(rows(EMBEDDINGS, ids)))
    found = store.embedded("f")
    assert found.schema == INDEX
    assert found["clip_id"].to_pylist() == ["a", "b", "c"]
    assert found["shard"].to_pylist() == ["one", "one", "two"]


def test_indexed_shards_are_not_opened_again(store):
    store.files.write(shard_path("f", "one"), b"not even a Parquet file")
    store.write_index("f", rows(INDEX, ["a"], shard=["one"]))
    assert store.embedded("f")["clip_id"].to_pylist() == ["a"]


def write_shard(store, name, ids, date="2026-11-01"):
    store.files.write(shard_path("f", name), to_parquet(rows(EMBEDDINGS, ids, date=[date] * len(ids))))


def index(ids, date="2026-11-01", shard="one"):
    return rows(INDEX, ids, date=[date] * len(ids), shard=[shard] * len(ids))


def ids_of(table):
    return sorted(table["clip_id"].to_pylist())


def test_only_the_index_of_the_dates_asked_for_is_read(store):
    for day in ("01", "02", "03"):
        store.write_index("f", index([day], f"2026-11-{day}"))
    store.write_index("f", index(["none"], "undated"))
    assert ids_of(store.embedded("f", ["2026-11-02"])) == ["02", "none"]
    assert ids_of(store.embedded("f", ["undated"])) == ids_of(store.embedded("f")) == ["01", "02", "03", "none"]


def test_while_shards_are_written_and_after_a_run_broke_they_are_looked_for(store):
    store.write_index("f", index(["a"]))
    write_shard(store, "late", ["b"])
    assert ids_of(Store(store.files).embedded("f")) == ["a"]
    store.begin_shards(["f", "f"])  # and breaks
    assert ids_of(Store(store.files).embedded("f", ["2026-11-01"])) == ["a", "b"]
    assert ids_of(Store(store.files).embedded("f", keep_index=True)) == ["a", "b"]
    assert store.files.list("embeddings/f/unindexed") == []
    (store.files.root / shard_path("f", "late")).write_bytes(b"no Parquet file")
    assert ids_of(Store(store.files).embedded("f")) == ["a", "b"]


def test_after_a_stage_of_the_same_process_broke_the_next_says_so_again(store):
    store.begin_shards(["f"])
    store.embedded("f", keep_index=True)
    store.begin_shards(["f"])
    assert len(store.files.list("embeddings/f/unindexed")) == 1


def test_an_embedding_stage_that_ends_leaves_nothing_to_look_for(store):
    store.begin_shards(["f"])
    assert len(store.files.list("embeddings/f/unindexed")) == 1
    store.write_index("f", index(["a"]))
    assert store.files.list("embeddings/f/unindexed") == []


def test_index_files_of_before_are_read_and_copied_once_under_a_name_with_their_dates(store):
    data = to_parquet(index(["a"], "2026-11-01"))
    store.files.write(f"embeddings/f/index/{content_hash(data)}.parquet", data)
    assert ids_of(store.embedded("f", ["2026-11-01"])) == ["a"] and len(store.files.list("embeddings/f/index")) == 1
    for _ in range(2):
        assert ids_of(store.embedded("f", ["2026-11-02"], keep_index=True)) == []
        assert len(store.files.list("embeddings/f/index")) == 2
    write_shard(store, "never", ["b"])
    assert ids_of(store.embedded("f", ["2026-11-01"])) == ["a"]


def test_a_large_index_is_a_file_for_each_date(store):
    count = ONE_INDEX_FILE + 1
    days = [f"2026-11-0{1 + number % 3}" for number in range(count)]
    store.write_index("f", rows(INDEX, list(map(str, range(count))), shard=["s"] * count, date=days))
    assert len(store.files.list("embeddings/f/index")) == 3
    assert set(store.embedded("f", ["2026-11-03"])["date"].to_pylist()) == {"2026-11-03"}
    assert len(store.embedded("f")) == count


def test_a_broken_index_is_said_with_the_way_out(store):
    store.write_index("f", index(["a"]))
    for info in store.files.list("embeddings/f/index"):
        store.files.write(info.path, b"no Parquet file")
    with pytest.raises(AsdError, match="remove the folder it is in"):
        store.embedded("f")
