"""The alarms of nights: what every machine's night came to, beside a mark of what it was made from."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.store.layout import alarms_path
from asd_core.store.many_files import read_present
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import ALARMS, filled

_MARK = b"asd."
_AT_ONCE = 8  # files of 10,000 machines are some 0.5 MB each


@dataclass(frozen=True)
class KeptAlarms:
    """The file of a night.

    Attributes:
        rows: of ALARMS, all columns or those asked for.
        made_of: marks of what the rows were made from: name → digest.
    """

    rows: pa.Table
    made_of: Mapping[str, str]


class AlarmTables(RunRecords):
    """The alarms of a store."""

    def kept_alarms(
        self, key: str, dates: Sequence[str], columns: Sequence[str] | None = None
    ) -> dict[str, KeptAlarms]:
        """Date → the file of its alarms, of the dates that have one; one that is broken counts as none.

        Args:
            key: of the recipe.
            dates: of the nights.
            columns: only these.
        """
        found = {}
        files = read_present(self.files, [alarms_path(key, date) for date in dates], _AT_ONCE)
        for date, data in zip(dates, files, strict=True):
            kept = None if data is None else _read(data, ALARMS.names if columns is None else columns)
            if kept is not None:
                found[date] = kept
        return found

    def keep_alarms(self, key: str, date: str, kept: KeptAlarms) -> None:
        """Write the file of a night's alarms, over an earlier one."""
        sink = io.BytesIO()
        marks = {_MARK + name.encode(): digest.encode() for name, digest in kept.made_of.items()}
        pq.write_table(kept.rows.cast(ALARMS.with_metadata(marks)), sink, compression="zstd", write_page_checksum=True)
        self.files.write(alarms_path(key, date), sink.getvalue())


def _read(data: bytes, columns: Sequence[str]) -> KeptAlarms | None:
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        rows = file.read([name for name in columns if name in file.schema_arrow.names])
        rows = filled(rows, pa.schema([ALARMS.field(name) for name in columns]))
    except (pa.ArrowException, OSError):
        return None
    marks = (file.schema_arrow.metadata or {}).items()
    made_of = {name.removeprefix(_MARK).decode(): digest.decode() for name, digest in marks if name.startswith(_MARK)}
    return KeptAlarms(rows, made_of)
