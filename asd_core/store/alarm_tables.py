"""The evidence and the alarms of nights, each night in a file with marks of what it was made from."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.store.alarm_schemas import ALARMS, EVIDENCE
from asd_core.store.checked_tables import table_of
from asd_core.store.layout import alarms_path, evidence_path
from asd_core.store.many_files import read_present
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import filled

_MARK = b"asd."
_AT_ONCE = 16  # files of 10,000 machines are some 0.6 MB each


@dataclass(frozen=True)
class KeptNight:
    """The file of a night.

    Attributes:
        rows: of EVIDENCE or ALARMS, all columns or those asked for.
        made_of: marks of what the rows were made from: name → digest.
    """

    rows: pa.Table
    made_of: Mapping[str, str]

    def is_made_of(self, marks: Mapping[str, str]) -> bool:
        """Tell if the rows were made from what these marks name, whatever else is told of them."""
        return marks.items() <= self.made_of.items()


class AlarmTables(RunRecords):
    """The evidence and the alarms of a store."""

    def kept_evidence(
        self, key: str, dates: Sequence[str], columns: Sequence[str] | None = None
    ) -> dict[str, KeptNight]:
        """Date → the file of its evidence, of the dates that have one; one that is broken counts as none.

        Args:
            key: of the recipe.
            dates: of the nights.
            columns: only these.
        """
        return self._kept({date: evidence_path(key, date) for date in dates}, EVIDENCE, columns)

    def kept_alarms(self, key: str, dates: Sequence[str], columns: Sequence[str] | None = None) -> dict[str, KeptNight]:
        """As `kept_evidence`, of the alarms."""
        return self._kept({date: alarms_path(key, date) for date in dates}, ALARMS, columns)

    def keep_evidence(self, key: str, date: str, night: KeptNight) -> None:
        """Write the file of a night's evidence, over an earlier one."""
        self.files.write(evidence_path(key, date), _bytes(night, EVIDENCE))

    def keep_alarms(self, key: str, date: str, night: KeptNight) -> None:
        """Write the file of a night's alarms, over an earlier one."""
        self.files.write(alarms_path(key, date), _bytes(night, ALARMS))

    def _kept(self, paths: Mapping[str, str], schema: pa.Schema, columns: Sequence[str] | None) -> dict[str, KeptNight]:
        wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
        found = {}
        for date, data in zip(paths, read_present(self.files, paths.values(), _AT_ONCE), strict=True):
            kept = None if data is None else _read(data, wanted)
            if kept is not None:
                found[date] = kept
        return found


def _bytes(night: KeptNight, schema: pa.Schema) -> bytes:
    sink = io.BytesIO()
    marks = {_MARK + name.encode(): digest.encode() for name, digest in night.made_of.items()}
    pq.write_table(night.rows.cast(schema.with_metadata(marks)), sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def _read(data: bytes, schema: pa.Schema) -> KeptNight | None:
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        rows = filled(table_of(file, schema.names), schema)
    except (pa.ArrowException, OSError, ValueError):
        return None
    marks = (file.schema_arrow.metadata or {}).items()
    made_of = {name.removeprefix(_MARK).decode(): digest.decode() for name, digest in marks if name.startswith(_MARK)}
    return KeptNight(rows, made_of)
