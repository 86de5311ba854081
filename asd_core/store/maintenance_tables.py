"""Maintenance windows of machines: nights that make no alarm.

Each act writes one new file, which nobody ever changes, so that two people at once lose nothing. A window is known by
its machine and its first night; the newest act on it counts, and taking it back is an act too. No score, key or
evidence depends on one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.alarm_schemas import MAINTENANCE
from asd_core.store.layout import name_of
from asd_core.store.many_files import read_present
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import filled, from_parquet, to_parquet


class MaintenanceTables(RunRecords):
    """The maintenance windows of a store."""

    def keep_maintenance(self, window: Mapping[str, str | bool | None]) -> None:
        """Keep one act on a window.

        Args:
            window: values of MAINTENANCE but ``named_at``.
        """
        newest = pc.max(self._all_acts()["named_at"]).as_py()
        moment = datetime.now(UTC)
        if newest is not None and newest >= moment:  # one of a fast clock must not win for ever
            moment = newest + timedelta(microseconds=1)
        data = to_parquet(pa.Table.from_pylist([{**window, "named_at": moment}], MAINTENANCE))
        name = name_of(moment.isoformat(timespec="microseconds"), content_hash(data))
        self.files.write_new(f"maintenance/{name}.parquet", data)

    def maintenance(self) -> pa.Table:
        """The windows that count, rows of MAINTENANCE, by machine and first night.

        Raises:
            AsdError: a file is broken.
        """
        current = {(row["machine_type"], row["machine_id"], row["since"]): row for row in self._all_acts().to_pylist()}
        rows = [row for _, row in sorted(current.items()) if not row["is_removed"]]
        return pa.Table.from_pylist(rows, MAINTENANCE)

    def _all_acts(self) -> pa.Table:
        """Every act, the oldest first."""
        paths = sorted(info.path for info in self.files.list("maintenance") if info.path.endswith(".parquet"))
        read = zip(paths, read_present(self.files, paths), strict=True)
        tables = [_table(path, data) for path, data in read if data is not None]
        return pa.concat_tables([MAINTENANCE.empty_table(), *tables]).sort_by("named_at")


def _table(path: str, data: bytes) -> pa.Table:
    try:
        return filled(from_parquet(data), MAINTENANCE)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise AsdError(f"{path} in the store is broken: restore it, or remove it and name the window again") from error
