import pytest

from asd_core.store.alarm_schemas import ALARMS, EVIDENCE
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.layout import alarms_path, evidence_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.stored_rows import blank_rows


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_what_is_kept_is_read_with_what_it_was_made_from(store):
    rows = blank_rows(ALARMS, 2, tier=["act", "watch"], p_value=[0.001, None])
    store.keep_alarms("key", "2026-11-01", KeptNight(rows, {"scores": "a", "decided": "b"}))
    (kept,) = store.kept_alarms("key", ["2026-11-01", "2026-11-02"]).values()
    assert kept.rows.equals(rows) and kept.made_of == {"scores": "a", "decided": "b"}
    (some,) = store.kept_alarms("key", ["2026-11-01"], ["p_value", "tier"]).values()
    assert some.rows.column_names == ["p_value", "tier"] and some.rows["p_value"].to_pylist() == [0.001, None]


def test_a_night_that_is_kept_again_takes_the_place_of_the_former(store):
    for tier in ("act", "watch"):
        store.keep_alarms("key", "2026-11-01", KeptNight(blank_rows(ALARMS, 1, tier=[tier]), {}))
    (kept,) = store.kept_alarms("key", ["2026-11-01"]).values()
    assert kept.rows["tier"].to_pylist() == ["watch"]


@pytest.mark.parametrize("damage", [b"", b"no parquet", None])
def test_a_broken_file_counts_as_none(store, damage):
    path = alarms_path("key", "2026-11-01")
    store.keep_alarms("key", "2026-11-01", KeptNight(blank_rows(ALARMS, 1, tier=["act"]), {}))
    data = store.files.read(path)
    store.files.write(path, data[: len(data) // 2] if damage is None else damage)
    assert store.kept_alarms("key", ["2026-11-01"]) == {}


def test_evidence_lies_apart_from_alarms(store):
    store.keep_evidence("key", "2026-11-01", KeptNight(blank_rows(EVIDENCE, 1, z_mean=[1.5]), {"scores": "a"}))
    assert store.files.exists(evidence_path("key", "2026-11-01")) and store.kept_alarms("key", ["2026-11-01"]) == {}
    (kept,) = store.kept_evidence("key", ["2026-11-01"], ["z_mean"]).values()
    assert kept.rows.to_pylist() == [{"z_mean": 1.5}] and kept.made_of == {"scores": "a"}
