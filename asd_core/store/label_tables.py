"""Answers of people on clips and on nights of machines: normal, a fault, to be ignored until a date.

Each act of labelling writes one new file, which nobody ever changes. So two people who label at once lose nothing. The
newest answer on a clip or a machine's night counts, and taking an answer back is an answer too. No score, key or
evidence depends on an answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.alarm_schemas import LABELS
from asd_core.store.layout import labels_path
from asd_core.store.many_files import read_present
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import filled, first_of_each, from_parquet, rows_of, to_parquet

REMOVED = "removed"
"""The answer that takes back an earlier one."""


class LabelTables(RunRecords):
    """The answers of people in a store."""

    def keep_labels(self, rows: pa.Table) -> pa.Table:
        """Keep answers, and give them back with the moment that they count from.

        That is now, or a microsecond after the newest answer: one of a fast clock must not win for ever.

        Args:
            rows: with the columns of LABELS but ``labelled_at``; at most one on each clip or machine's night.

        Returns:
            Rows of LABELS.
        """
        newest = pc.max(self.all_labels()["labelled_at"]).as_py()
        moment = datetime.now(UTC)
        if newest is not None and newest >= moment:
            moment = newest + timedelta(microseconds=1)
        column = pa.array([moment] * len(rows), LABELS.field("labelled_at").type)
        table = rows.append_column("labelled_at", column).select(LABELS.names).cast(LABELS)
        data = to_parquet(table)
        self.files.write_new(labels_path(moment.isoformat(timespec="microseconds"), content_hash(data)), data)
        return table

    def all_labels(self) -> pa.Table:
        """Every answer that was ever given, rows of LABELS, the oldest first.

        Raises:
            AsdError: a file is broken.
        """
        paths = sorted(info.path for info in self.files.list("labels") if info.path.endswith(".parquet"))
        read = zip(paths, read_present(self.files, paths), strict=True)
        tables = [_table(path, data) for path, data in read if data is not None]
        found = pa.concat_tables([LABELS.empty_table(), *tables])
        return found.sort_by("labelled_at")  # stable: files at the same moment stay in the order of their names

    def labels(self) -> pa.Table:
        """The answers that count, rows of LABELS, the oldest first; what was taken back is not among them.

        Raises:
            AsdError: a file is broken.
        """
        newest_first = _backwards(self.all_labels())
        subjects = rows_of(newest_first, "machine_type", "machine_id", "date", "uri")
        number: dict[tuple[object, ...], int] = {}
        codes = [number.setdefault(one if one[3] is None else one[3:], len(number)) for one in subjects]
        current = first_of_each(newest_first.append_column("subject", pa.array(codes, pa.int64())), "subject")
        current = current.filter(pc.not_equal(current["answer"], REMOVED)).select(LABELS.names)
        return _backwards(current)


def _backwards(table: pa.Table) -> pa.Table:
    return table.take(pa.array(range(len(table) - 1, -1, -1), pa.int64()))


def _table(path: str, data: bytes) -> pa.Table:
    try:
        return filled(from_parquet(data), LABELS)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise AsdError(f"{path} in the store is broken: restore it, or remove it and label again") from error
