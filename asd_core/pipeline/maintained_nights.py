"""Maintenance windows laid over the nights of a fleet: which are not judged, and what their rows say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.alarms.maintenance import Window, in_maintenance, told_with_windows
from asd_core.store.alarm_schemas import ALARMS

Machine = tuple[str, str]
Windows = Mapping[Machine, Sequence[Window]]

_UNDECIDED = {
    "tier": "not_decided",
    "nights_in_alarm": 0,
    "acknowledged": None,
    **dict.fromkeys(("since", "p_value", "p_mean", "p_worst")),
}


def windows_of(rows: pa.Table | None) -> dict[Machine, list[Window]]:
    """The windows of each machine that has some.

    Args:
        rows: of MAINTENANCE that count; None for none.
    """
    found: dict[Machine, list[Window]] = {}
    for row in [] if rows is None else rows.to_pylist():
        window = Window(row["since"], row["until"] or "", row["reason"] or "", row["named_by"] or "")
        found.setdefault((row["machine_type"], row["machine_id"]), []).append(window)
    return found


def maintained(windows: Windows, machines: Sequence[Machine], dates: Sequence[str]) -> NDArray[np.bool_]:
    """True for nights of machines in maintenance, (M, T).

    Args:
        windows: of machines.
        machines: (M,).
        dates: (T,) of the nights.
    """
    found = np.zeros((len(machines), len(dates)), bool)
    for place in (place for place, machine in enumerate(machines) if machine in windows):
        own = windows[machines[place]]
        found[place] = [in_maintenance(own, date) is not None for date in dates]
    return found


def with_windows(rows: pa.Table, date: str, windows: Windows) -> pa.Table:
    """Rows of ALARMS of a night: those of machines in maintenance are not decided, those after it say so.

    The label of a night in maintenance is "maintenance", with the words and the end of its window, unless a person
    has labelled the night itself.
    """
    if not windows:
        return rows
    told = rows.to_pylist()
    for row in told:
        own = windows.get((row["machine_type"], row["machine_id"]), ())
        window = in_maintenance(own, date)
        if window is not None:
            row |= _UNDECIDED | {"state": "cleared" if row["state"] == "cleared" else None}
            if row["label"] is None:
                row |= {"label": "maintenance", "label_words": window.reason or None}
                row |= {"label_until": window.until or None, "labelled_by": window.named_by or None}
        row["sentence"] = told_with_windows(own, date, row["sentence"])
    return pa.Table.from_pylist(told, ALARMS)
