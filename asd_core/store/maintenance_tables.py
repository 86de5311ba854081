"""Maintenance windows of machines: nights that make no alarm.

Each act writes one new file, which nobody ever changes, so that two people at once lose nothing. A window is known by
its machine and its first night; the newest act on it counts, and taking it back is an act too. No score, key or
evidence depends on one.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from asd_core.store.acts import Acts
from asd_core.store.alarm_schemas import MAINTENANCE
from asd_core.store.run_records import RunRecords

_ACTS = Acts("maintenance", MAINTENANCE, "named_at", "name the window again")


class MaintenanceTables(RunRecords):
    """The maintenance windows of a store."""

    def keep_maintenance(self, window: Mapping[str, str | bool | None]) -> None:
        """Keep one act on a window.

        Args:
            window: values of MAINTENANCE but ``named_at``.
        """
        columns = pa.schema([field for field in MAINTENANCE if field.name != "named_at"])
        _ACTS.keep(self.files, pa.Table.from_pylist([dict(window)], columns))

    def maintenance(self) -> pa.Table:
        """The windows that count, rows of MAINTENANCE, by machine and first night.

        Raises:
            AsdError: a file is broken.
        """
        current = {
            (row["machine_type"], row["machine_id"], row["since"]): row for row in _ACTS.all(self.files).to_pylist()
        }
        rows = [row for _, row in sorted(current.items()) if not row["is_removed"]]
        return pa.Table.from_pylist(rows, MAINTENANCE)
