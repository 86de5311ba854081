import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.machine_fits import fit_machines
from asd_core.pipeline.reducer import score_machines
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.store.layout import shard_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, from_parquet
from tests.asd_core.pipeline.committed import FINGERPRINT, commit, task


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def rows_of(store, outcome):
    tables = [from_parquet(store.files.read(path)) for path in outcome.files]
    return {row["clip_id"]: row for table in tables for row in table.to_pylist()}


def test_every_clip_is_one_row_of_the_scores_schema(store):
    clips = commit(store, ["a", "b"], broken=["b-2026-11-01-3"])
    fit_machines(task(store, clips))
    outcome = score_machines(task(store, clips, versions=newest_versions(store, "key")))
    (path,) = outcome.files
    assert from_parquet(store.files.read(path)).schema.equals(SCORES)
    assert (outcome.scored, outcome.errors_by_reason) == (19, {"empty": 1})
    assert rows_of(store, outcome).keys() == set(clips["clip_id"].to_pylist())


def test_scores_of_two_dates_go_to_two_files(store):
    clips = pa.concat_tables([commit(store, ["a"]), commit(store, ["a"], date="undated", shard="t")])
    fit_machines(task(store, clips))
    outcome = score_machines(task(store, clips, versions=newest_versions(store, "key")))
    assert sorted(path.split("/")[2] for path in outcome.files) == ["date=2026-11-01", "date=undated"]
    assert outcome.scored == 20


def test_a_clip_that_could_not_be_read_says_why_and_one_that_nobody_read_says_that(store):
    clips = commit(store, ["a"], count=3)
    unread = clips.set_column(clips.schema.get_field_index("shard"), "shard", pa.nulls(3, pa.string()))
    told = {"a-2026-11-01-0": ("vanished", "gone")}
    rows = rows_of(store, score_machines(task(store, unread, transient=told)))
    assert [row["error_reason"] for row in rows.values()] == ["vanished", "not_embedded", "not_embedded"]
    assert rows["a-2026-11-01-0"]["error"] == "gone"


def test_what_is_scored_does_not_depend_on_how_machines_are_grouped(store):
    clips = commit(store, ["a", "b", "c"])
    fit_machines(task(store, clips))
    versions = newest_versions(store, "key")
    together = rows_of(store, score_machines(task(store, clips, versions=versions)))
    alone = {}
    for machine in "abc":
        part = clips.filter(pa.array([name == machine for name in clips["machine_id"].to_pylist()]))
        alone |= rows_of(store, score_machines(task(store, part, versions=versions)))
    assert together == alone


def test_a_shard_that_is_gone_is_said_with_the_way_out(store):
    clips = commit(store, ["a"])
    (store.files.root / shard_path(FINGERPRINT, "s")).unlink()
    with pytest.raises(AsdError, match="gone or broken: restore it, or remove it together with embeddings/"):
        fit_machines(task(store, clips))
