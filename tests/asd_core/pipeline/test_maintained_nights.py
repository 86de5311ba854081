"""Nights in a window make no alarm and end one; nights beside it are judged as without it."""

import pyarrow as pa

from asd_core.alarms.maintenance import Window
from asd_core.pipeline.maintained_nights import maintained, windows_of, with_windows
from asd_core.store.alarm_schemas import MAINTENANCE

ROW = {"machine_type": "fan", "machine_id": "00", "since": "2026-11-10", "until": None, "reason": "belt"}
ROW |= {"named_by": None, "is_removed": False}
WINDOW = Window("2026-11-10", "", "belt")


def test_windows_are_those_of_the_table():
    import datetime

    rows = pa.Table.from_pylist([ROW | {"named_at": datetime.datetime.now(datetime.UTC)}], MAINTENANCE)
    assert windows_of(rows) == {("fan", "00"): [WINDOW]} and windows_of(None) == {}


def test_nights_in_windows_are_marked_machine_by_machine():
    found = maintained({("fan", "00"): [WINDOW]}, [("fan", "01"), ("fan", "00")], ["2026-11-09", "2026-11-10"])
    assert found.tolist() == [[False, False], [False, True]]


def test_without_windows_rows_are_the_very_same():
    rows = pa.table({"machine_type": ["fan"]})
    assert with_windows(rows, "2026-11-10", {}) is rows
