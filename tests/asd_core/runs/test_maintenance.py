import pytest

from asd_core.errors import UsageError
from asd_core.runs.maintenance import name_window
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

KEY = "newest_scorers/knn-1"


@pytest.fixture
def store(tmp_path):
    store = Store(LocalFiles(tmp_path / "store"))
    for name in (f"{KEY}/fan/00/v000001-a", f"{KEY}/fan/0%2F1/v000001-a", f"{KEY}/+complete"):
        store.files.write_new(name, b"")
    return store


def test_a_window_is_named_ended_and_taken_back(store):
    name_window(store, "fan/00", "2026-11-10", reason=" belt ", by="Ann")
    name_window(store, "fan/0/1", "2026-11-11")
    name_window(store, "fan/00", "2026-11-10", "2026-11-12")
    rows = store.maintenance().to_pylist()
    assert [(row["machine_id"], row["until"], row["reason"]) for row in rows] == [
        ("0/1", None, None),
        ("00", "2026-11-12", None),
    ]
    name_window(store, "fan/00", "2026-11-10", is_removed=True)
    assert store.maintenance()["machine_id"].to_pylist() == ["0/1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fan/07", "2026-11-10"), "no machine 'fan/07' has a scorer; did you mean 'fan/00'"),
        (("fan/00", "soon"), "'soon' is no date"),
        (("fan/00", "2026-11-10", "2026-11-09"), "ends on 2026-11-09, before it begins"),
        (("fan/00", "2026-11-10", "", "x" * 1001), "1001 characters are too many"),
    ],
)
def test_what_cannot_be_is_one_line(store, arguments, message):
    with pytest.raises(UsageError, match=message):
        name_window(store, *arguments)


def test_a_window_that_is_not_there_cannot_be_taken_back(store):
    with pytest.raises(UsageError, match="no window of fan/00 begins on 2026-11-10"):
        name_window(store, "fan/00", "2026-11-10", is_removed=True)
