"""Windows are kept one file an act; the newest act on a machine's first night counts."""

import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

BLANK = {"machine_type": "fan", "machine_id": "00", "until": None, "reason": None, "named_by": None}


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path / "store"))


def keep(store, since, *, is_removed=False, **more):
    store.keep_maintenance({**BLANK, "since": since, "is_removed": is_removed, **more})


def test_the_newest_act_counts_and_no_act_is_lost(store):
    assert len(store.maintenance()) == 0
    keep(store, "2026-11-10")
    keep(store, "2026-11-20", machine_id="01", reason="new belt")
    keep(store, "2026-11-10", until="2026-11-12")
    assert [(row["machine_id"], row["until"]) for row in store.maintenance().to_pylist()] == [
        ("00", "2026-11-12"),
        ("01", None),
    ]
    keep(store, "2026-11-20", machine_id="01", is_removed=True)
    assert store.maintenance()["machine_id"].to_pylist() == ["00"]
    assert len(store.files.list("maintenance")) == 4


def test_a_broken_file_is_named(store):
    keep(store, "2026-11-10")
    store.files.write(store.files.list("maintenance")[0].path, b"broken")
    with pytest.raises(AsdError, match="maintenance/.* in the store is broken: restore it"):
        store.maintenance()
