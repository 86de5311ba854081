"""The files of nights, as readers from outside find them."""

import duckdb
import pandas
import pyarrow as pa
import pyarrow.dataset
import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.layout import night_path, score_part_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import NIGHT, SCORES, from_parquet, to_parquet
from tests.command import asd
from tests.fleet import KNN, NIGHTS, clip_path, fitted, listed, touched, write_wav
from tests.stored_rows import rows

KEY = KNN.key()


def outside(store, key=KEY):
    """A recipe's scores as four readers find them: rows sorted by uri."""
    folder = store.files.root / "scores" / key
    tables = [
        pa.Table.from_pandas(pandas.read_parquet(folder), preserve_index=False),
        duckdb.sql(f"from read_parquet('{folder}/*.parquet')").to_arrow_table(),
        duckdb.sql(f"from read_parquet('{folder}/**/*.parquet')").to_arrow_table(),
        pyarrow.dataset.dataset(folder).to_table(),
        pyarrow.dataset.dataset(folder, partitioning="hive").to_table(),
    ]
    return [table.select(NIGHT.names).sort_by("uri").to_pylist() for table in tables]


def assert_each_clip_once(store, key=KEY):
    expected = store.scores(key).sort_by("uri").to_pylist()
    for found in outside(store, key):
        assert [{name: row[name] for name in SCORES.names} for row in found] == expected
    assert len({row["uri"] for row in expected}) == len(expected)
    return expected


def scored(store, archive, date, recipe=KNN):
    return score(store, recipe, listed(archive, date=date), LocalEngine())


def test_a_scored_night_is_there_once_after_a_second_run_and_after_a_new_fit(tmp_path):
    archive, store = fitted(tmp_path)
    scored(store, archive, NIGHTS[2])
    assert len(assert_each_clip_once(store)) == 8
    scored(store, archive, NIGHTS[1])
    assert len(assert_each_clip_once(store)) == 16
    fit(store, KNN, listed(archive, until=NIGHTS[0]), LocalEngine())
    scored(store, archive, NIGHTS[2])
    found = assert_each_clip_once(store)
    assert len(found) == 16 and len({row["scorer_version"] for row in found}) == 4


def test_a_night_is_there_once_after_nightly_and_after_a_clip_was_replaced(tmp_path):
    archive, store = fitted(tmp_path)
    options = ["--recipe", "twfr-knn", "--store", store.files.root, "--local", "--json"]
    assert asd("nightly", archive, *options).code == 0
    touched(clip_path(archive, "00", NIGHTS[2], 1))
    write_wav(clip_path(archive, "00", NIGHTS[2], 9), seed=3)
    assert asd("nightly", archive, *options).json["decoded"] == 2
    assert len(assert_each_clip_once(Store(store.files))) == 9


def test_undated_clips_have_a_file_too(tmp_path):
    store = Store(LocalFiles(tmp_path))
    commit(store, "r", ["a"], date="undated")
    store.publish_nights("key", "r", told)
    assert len(assert_each_clip_once(store, "key")) == 1 and store.files.exists("scores/key/undated.parquet")


def told(stage, done, total):
    """Nobody."""


def commit(store, run_id, ids, date="2026-11-01", committed_at="2026-11-02", scores=None):
    """A run whose file of scores lies where stores of before have it."""
    data = to_parquet(rows(SCORES, ids, anomaly_score=scores or [1.0] * len(ids), date=[date] * len(ids)))
    path = (
        f"scores/key/date={date}/{run_id}-00000.parquet" if run_id == "old" else score_part_path("key", date, run_id, 0)
    )
    store.files.write(path, data)
    record = {"run_id": run_id, "job": "score", "key": "key", "dates": [date], "committed_at": committed_at}
    store.commit_run({**record, "score_files": {path: content_hash(data)}})
    return path


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def night(store, date="2026-11-01"):
    """Clip id → score in the file of a night."""
    table = pyarrow.parquet.read_table(store.files.root / night_path("key", date))
    return dict(zip(table["clip_id"].to_pylist(), table["anomaly_score"].to_pylist(), strict=True))


def test_a_run_that_broke_before_its_night_was_written_is_mended_by_itself_and_by_the_next(store):
    commit(store, "broke", ["a"])
    commit(store, "next", ["b"], "2026-11-02", "2026-11-03")
    store.publish_nights("key", "next", told)
    assert night(store) == {"a": 1.0} and night(store, "2026-11-02") == {"b": 1.0}
    (store.files.root / night_path("key", "2026-11-01")).unlink()
    store.publish_nights("key", "next", told)
    assert not store.files.exists(night_path("key", "2026-11-01"))
    store.publish_nights("key", "broke", told)
    assert night(store) == {"a": 1.0}


def test_a_store_of_before_gets_the_files_of_its_nights_and_keeps_its_own(store):
    path = commit(store, "old", ["a", "b"])
    commit(store, "new", ["b"], committed_at="2026-11-03", scores=[2.0])
    store.publish_nights("key", "new", told)
    assert night(store) == {"a": 1.0, "b": 2.0} and store.files.exists(path)
    assert duckdb.sql(f"from read_parquet('{store.files.root}/scores/key/*.parquet')").count("uri").fetchall() == [(2,)]


class Meanwhile(LocalFiles):
    """A folder in which another run commits, once, just before a night's file is written."""

    other = None

    def write(self, path, data):
        if self.other and path.startswith("scores/"):
            other, self.other = self.other, None
            other()
        super().write(path, data)


def test_of_two_runs_at_once_the_one_that_writes_last_has_seen_what_both_committed(tmp_path):
    store, second = Store(Meanwhile(tmp_path)), Store(LocalFiles(tmp_path))

    def other():
        commit(second, "second", ["b"], committed_at="2026-11-03", scores=[2.0])
        second.publish_nights("key", "second", told)

    commit(store, "first", ["a", "b"])
    store.files.other = other
    store.publish_nights("key", "first", told)
    assert night(store) == {"a": 1.0, "b": 2.0}


def test_a_night_of_another_run_whose_rows_are_gone_is_left_and_ones_own_is_refused(store):
    (store.files.root / commit(store, "gone", ["a"])).unlink()
    commit(store, "r", ["b"], "2026-11-02")
    store.publish_nights("key", "r", told)
    assert not store.files.exists(night_path("key", "2026-11-01")) and night(store, "2026-11-02") == {"b": 1.0}
    with pytest.raises(AsdError, match="gone from the store"):
        store.publish_nights("key", "gone", told)


def test_a_second_time_nothing_is_written(store):
    commit(store, "r", ["a"])
    store.publish_nights("key", "r", told)
    before = store.files.list()
    Store(store.files).publish_nights("key", "r", told)
    assert store.files.list() == before


def test_a_night_in_pieces_has_its_rows_with_its_file_and_without(tmp_path):
    archive, store = fitted(tmp_path)
    scored(store, archive, NIGHTS[2])
    path = night_path(KEY, NIGHTS[2])
    expected = from_parquet(store.files.read(path))
    for _ in range(2):
        (read,) = store.score_groups(KEY, NIGHTS[2])
        assert read(NIGHT.names).sort_by("uri").to_pylist() == expected.sort_by("uri").to_pylist()
        assert read(["path", "date"]).column_names == ["path", "date"]
        store.files.delete(path)
    assert store.score_groups(KEY, "2026-12-24") == []
