import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.fitted_nights import FITTED_NIGHTS, fitted_nights, keep_nights, nights_path, stored_nights
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.nights import night_values, scorer_of, training_rows

VALUES = night_values(3, 4)
ROWS = training_rows(VALUES, sorted(["2026-11-01", "2026-11-02", "2026-11-03"] * 4))
MANY = [f"scorers/key/fan/{number:03d}" for number in range(70)]


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def kept(store, folders, version="v1"):
    scorer = scorer_of(ROWS, VALUES)
    keep_nights(store, folders[0], version, scorer, ROWS)
    data = store.files.read(nights_path(folders[0], version))
    for folder in folders[1:]:
        store.files.write(nights_path(folder, version), data)
    return dict.fromkeys(folders, version)


def test_nights_are_kept_once_and_read_with_the_scorer_that_they_are_of(store):
    versions = kept(store, MANY[:2])
    table, lacking = fitted_nights(store, "key", versions)
    assert table.schema.equals(FITTED_NIGHTS) and not lacking and len(table) == 24
    assert table["folder"].to_pylist() == [MANY[0]] * 12 + [MANY[1]] * 12
    assert table["night"].to_pylist()[:12] == ROWS["date"].to_pylist()
    before = store.files.read(nights_path(MANY[0], "v1"))
    keep_nights(store, MANY[0], "v1", scorer_of(ROWS, VALUES, **{"detector.k": 1}), ROWS)
    assert store.files.read(nights_path(MANY[0], "v1")) == before


def test_those_of_many_scorers_are_read_from_one_file_and_new_ones_are_added(store):
    versions = kept(store, MANY)
    table, _ = fitted_nights(store, "key", versions)
    (first,) = [info.path for info in store.files.list("fitted_nights/key")]
    for folder in MANY:
        store.files.delete(nights_path(folder, "v1"))
    again, lacking = fitted_nights(store, "key", versions)
    assert again.equals(table) and not lacking
    newer = versions | kept(store, MANY[:1], "v2")
    table, lacking = fitted_nights(store, "key", newer)
    assert set(zip(table["folder"].to_pylist(), table["version"].to_pylist(), strict=True)) == set(newer.items())
    assert [info.path for info in store.files.list("fitted_nights/key")] == [first]  # one more is no reason to write
    table, _ = fitted_nights(store, "key", kept(store, MANY, "v3"))
    assert set(table["version"].to_pylist()) == {"v3"} and len(store.files.list("fitted_nights/key")) == 1


def test_a_scorer_of_before_is_named(store):
    table, lacking = fitted_nights(store, "key", {MANY[0]: "v1"})
    assert lacking == {MANY[0]: "v1"} and len(table) == 0 and stored_nights(store, MANY[0], "v1") is None


def test_nights_that_cannot_be_left_out_are_told_by_clip(store):
    scorer = scorer_of(ROWS, VALUES)
    keep_nights(store, MANY[0], "v1", scorer, ROWS.slice(1))
    assert set(stored_nights(store, MANY[0], "v1")["left_out"].to_pylist()) == {"clip"}


def test_a_broken_file_is_one_line(store):
    store.files.write(nights_path(MANY[0], "v1"), b"no parquet")
    with pytest.raises(AsdError, match="v1/nights.parquet in the store is broken"):
        fitted_nights(store, "key", {MANY[0]: "v1"})
    assert pa.types.is_dictionary(FITTED_NIGHTS.field("night").type)
