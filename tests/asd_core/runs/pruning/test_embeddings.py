import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from asd_core.runs.pruning.embeddings import old_embeddings
from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit
from asd_core.store.store import Store
from asd_core.store.tables import INDEX, to_parquet
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import night_clips

LIMIT = Limit.of(timedelta(days=10), datetime(2026, 11, 20, tzinfo=UTC))
NIGHTS = {"a": "2026-11-01", "b": "2026-11-02", "c": "2026-11-15"}
MADE = {"scorers/k/fan/0/v1": ["clips/fit-1.parquet"]}


@pytest.fixture
def store():
    """Three shards of a night each in one index file; the second was learnt by a scorer."""
    rows = [rows_of(shard, night) for shard, night in NIGHTS.items()]
    files = {f"embeddings/f/shards/{shard}.parquet": b"12" for shard in (*NIGHTS, "lost")}
    files["embeddings/f/index/2026-11-01,2026-11-15,0.parquet"] = to_parquet(pa.concat_tables(rows))
    files["clips/fit-1.parquet"] = to_parquet(night_clips(NIGHTS["b"], 1))
    bucket = Bucket(files)
    bucket.modified = {"embeddings/f/shards/lost.parquet": datetime(2026, 11, 1, tzinfo=UTC).timestamp()}
    return Store(bucket)


def rows_of(shard, night):
    clips = night_clips(night, 1)
    return (
        clips.append_column("error_reason", pa.nulls(1, pa.string()))
        .append_column("shard", pa.array([shard]))
        .cast(INDEX)
    )


def old(store, scorers=("scorers/k/fan/0/v1",)):
    return old_embeddings(store, LIMIT, Named(fit_manifests=MADE), scorers)


def test_shards_of_old_nights_go_but_for_those_that_a_scorer_has_learnt(store):
    named = [one.name.split("/")[-1] for one in old(store).things]
    assert named == ["a.parquet", "lost.parquet"]
    assert [one.name.split("/")[-1] for one in old(store, ()).things] == ["a.parquet", "b.parquet", "lost.parquet"]


def test_the_index_loses_them_before_they_go_and_names_the_others_still(store):
    found = old(store)
    found.leave_index(store)
    assert sorted(store.embedded("f")["shard"].to_pylist()) == ["b", "c"]
    assert [info.path.rpartition("/")[2][:21] for info in store.files.list("embeddings/f/index")] == [
        "2026-11-02,2026-11-15"
    ]


def test_nothing_goes_while_a_run_embeds_and_imported_embeddings_never_do(store):
    store.files.write("embeddings/f/unindexed/1", b"")
    assert old(store).things == []
    store.files.delete("embeddings/f/unindexed/1")
    store.files.write("encoders.json", json.dumps({"mine": {"fingerprint": "f"}}).encode())
    assert old(store).things == []
