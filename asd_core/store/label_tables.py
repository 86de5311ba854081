"""Answers of people on clips and on nights of machines: normal, a fault, to be ignored until a date.

Each act of labelling writes one new file, which nobody ever changes. So two people who label at once lose nothing. The
newest answer on a clip or a machine's night counts, and taking an answer back is an answer too. No score, key or
evidence depends on an answer.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.store.acts import Acts
from asd_core.store.alarm_schemas import LABELS
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import first_of_each, rows_of

REMOVED = "removed"
"""The answer that takes back an earlier one."""

_ACTS = Acts("labels", LABELS, "labelled_at", "label again")


class LabelTables(RunRecords):
    """The answers of people in a store."""

    def keep_labels(self, rows: pa.Table) -> pa.Table:
        """Keep answers, and give them back with the moment that they count from, see `Acts.keep`.

        Args:
            rows: with the columns of LABELS but ``labelled_at``; at most one on each clip or machine's night.

        Returns:
            Rows of LABELS.
        """
        return _ACTS.keep(self.files, rows)

    def all_labels(self) -> pa.Table:
        """Every answer that was ever given, rows of LABELS, the oldest first.

        Raises:
            AsdError: a file is broken.
        """
        return _ACTS.all(self.files)

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
