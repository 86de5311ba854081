import pytest

from asd_core.store.alarm_tables import KeptAlarms
from asd_core.store.layout import alarms_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.store.tables import ALARMS
from tests.stored_rows import blank_rows


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_what_is_kept_is_read_with_what_it_was_made_from(store):
    rows = blank_rows(ALARMS, 2, tier=["act", "watch"], p_value=[0.001, None])
    store.keep_alarms("key", "2026-11-01", KeptAlarms(rows, {"scores": "a", "decided": "b"}))
    (kept,) = store.kept_alarms("key", ["2026-11-01", "2026-11-02"]).values()
    assert kept.rows.equals(rows) and kept.made_of == {"scores": "a", "decided": "b"}
    (some,) = store.kept_alarms("key", ["2026-11-01"], ["p_value", "tier"]).values()
    assert some.rows.column_names == ["p_value", "tier"] and some.rows["p_value"].to_pylist() == [0.001, None]


def test_a_night_that_is_kept_again_takes_the_place_of_the_former(store):
    for tier in ("act", "watch"):
        store.keep_alarms("key", "2026-11-01", KeptAlarms(blank_rows(ALARMS, 1, tier=[tier]), {}))
    (kept,) = store.kept_alarms("key", ["2026-11-01"]).values()
    assert kept.rows["tier"].to_pylist() == ["watch"]


@pytest.mark.parametrize("damage", [b"", b"no parquet", None])
def test_a_broken_file_counts_as_none(store, damage):
    path = alarms_path("key", "2026-11-01")
    store.keep_alarms("key", "2026-11-01", KeptAlarms(blank_rows(ALARMS, 1, tier=["act"]), {}))
    data = store.files.read(path)
    store.files.write(path, data[: len(data) // 2] if damage is None else damage)
    assert store.kept_alarms("key", ["2026-11-01"]) == {}
