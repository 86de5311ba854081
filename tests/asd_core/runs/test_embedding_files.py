from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from asd_core.errors import UsageError
from asd_core.runs.embed import stored_clips
from asd_core.runs.embedding_files import paths_of
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.runs.feature_files import recipe_for, write_npz, write_parquet


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path / "store"))


def test_columns_are_read_as_a_manifest_has_them(store, tmp_path):
    path = write_parquet(
        tmp_path / "a.parquet",
        condition=["0", "1", "Anomaly", "normal", "", None],
        date=["2026-11-01", "20261102", None, "", "undated", "2026-11-03"],
        extra=[None, '{"line": 3}', "", "{}", "{}", "{}"],
    )
    import_embeddings(store, "here", [path])
    clips = stored_clips(store, recipe_for()).sort_by("uri")
    assert clips["condition"].to_pylist() == ["normal", "anomalous", "anomalous", "normal", "", ""]
    assert clips["date"].to_pylist() == ["2026-11-01", "2026-11-02", "undated", "undated", "undated", "2026-11-03"]
    assert clips["extra"].to_pylist()[:3] == ["{}", '{"line": 3}', "{}"]


def test_columns_as_pandas_writes_them_are_read_like_a_manifests(store, tmp_path):
    nights = [datetime(2026, 11, day, 3, 15) for day in range(1, 7)]
    columns = {"date": pa.array(nights, pa.timestamp("ns")), "Label": [False, True] * 3, "Machine ID": ["07"] * 6}
    import_embeddings(store, "here", [write_parquet(tmp_path / "a.parquet", machine_id=None, **columns)])
    clips = stored_clips(store, recipe_for()).sort_by("uri")
    assert clips["date"].to_pylist() == [f"2026-11-{day:02d}" for day in range(1, 7)]
    assert clips["recorded_at"].to_pylist() == [night.replace(tzinfo=UTC) for night in nights]
    assert clips["condition"].to_pylist() == ["normal", "anomalous"] * 3


def test_times_may_be_texts(store, tmp_path):
    texts = [f"2026-11-0{day}T03:15:00+09:00" for day in range(1, 7)]
    import_embeddings(store, "here", [write_parquet(tmp_path / "a.parquet", recorded_at=texts)])
    clips = stored_clips(store, recipe_for()).sort_by("uri")
    assert clips["recorded_at"].to_pylist()[0] == datetime(2026, 10, 31, 18, 15, tzinfo=UTC)
    assert clips["date"].to_pylist()[0] == "2026-11-01"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"machine_id": None}, "has no column 'machine_id'"),
        ({"machine_id": ["07"] * 5 + [None]}, "row 6 of .*a.parquet: machine_id = None is not known"),
        ({"uri": ["a"] * 6}, "names the same clip twice"),
        ({"uri": ["a", None, "b", "c", "d", "e"]}, "row 2 of .*: uri = None is not known"),
        ({"condition": ["fine"] * 6}, "row 1 of .*: condition = 'fine' is not known"),
        ({"date": ["last night"] * 6}, "date = 'last night' is not known"),
        ({"split": ["Train"] * 6}, "split = 'Train' is not known"),
        ({"embedding": [[1.0]] * 5 + [[1.0, 2.0]]}, r"must be a list of one length, got lengths \[1, 2\]"),
        ({"embedding": [[1.0]] * 5 + [None]}, "must be a list of one length"),
        ({"embedding": [1.0] * 6}, "cannot read embeddings from"),
        ({"embedding": [["a"]] * 6}, "cannot read embeddings from"),
    ],
)
def test_a_parquet_file_that_says_too_little_is_refused(store, tmp_path, columns, message):
    with pytest.raises(UsageError, match=message):
        import_embeddings(store, "here", [write_parquet(tmp_path / "a.parquet", **columns)])
    assert store.files.list("embeddings") == []


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("fan.npz", None, "cannot tell the machine of .*fan.npz: name it <machine type>_id_<machine id>.npz"),
        ("fan_id_00.csv", b"1,2", "embeddings come as .npz or .parquet files"),
        ("fan_id_00.npz", b"", "cannot read embeddings from"),
        ("fan_id_00.npz", b"no zip file at all", "cannot read embeddings from"),
        ("fan_id_00.npz", b"PK\x03\x04 cut short", "cannot read embeddings from"),
        ("fan_id_00.parquet", b"PAR1", "cannot read embeddings from"),
        ("none_id_00.npz", None, "cannot read embeddings from .*No such file"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused_in_one_line(store, tmp_path, name, data, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=message) as refused:
        import_embeddings(store, "here", [tmp_path / name])
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X_train": np.ones((2, 2))}, "holds X_train: it needs X_train, X_test and y_test"),
        ({"X_train": np.ones((2, 2)), "X_test": np.ones((2, 2)), "y_test": np.ones(3)}, "a 0 or 1 for each of the 2"),
        ({"X_train": np.ones((2, 2)), "X_test": np.ones((1, 2)), "y_test": np.array([7])}, "a 0 or 1 for each"),
        ({"X_train": np.ones((2, 2)), "X_test": np.ones((1, 3)), "y_test": np.array([1])}, "cannot read embeddings"),
        ({"X_train": np.ones(()), "X_test": np.ones((1, 3)), "y_test": np.array([1])}, "must each have a row for each"),
        ({"X_train": np.array([object()]), "X_test": np.ones((1, 1)), "y_test": np.array([1])}, "holds Python objects"),
    ],
)
def test_an_npz_that_holds_something_else_is_refused_and_nothing_pickled_is_loaded(store, tmp_path, arrays, message):
    np.savez(tmp_path / "fan_id_00.npz", **arrays)
    with pytest.raises(UsageError, match=message):
        import_embeddings(store, "here", [tmp_path / "fan_id_00.npz"])


def test_a_folder_stands_for_the_files_in_it(tmp_path):
    paths = [write_npz(tmp_path), write_parquet(tmp_path / "b.parquet")]
    (tmp_path / "readme.txt").write_text("")
    assert sorted(paths_of([str(tmp_path)])) == sorted(paths)
