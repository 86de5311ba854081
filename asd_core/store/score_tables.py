"""Score rows: as runs wrote them, and as they stand now.

A run's rows lie in parts that its record names with their checksums; these are the truth. Of a clip that several runs
scored, the row of the run that committed last is the current one. `asd_core.store.nights` keeps each night's current
rows in one file, which is read where it is made of just the runs that are committed now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.store.layout import night_path, safe_name
from asd_core.store.many_files import committed_tables, read_present
from asd_core.store.night_files import night_rows
from asd_core.store.run_records import SCORING, RunEntry, RunRecords
from asd_core.store.tables import SCORES, first_of_each

_NIGHTS_AT_ONCE = 4  # one of 300,000 rows is some 60 MB


class ScoreTables(RunRecords):
    """The scores of a store."""

    def read_scores(
        self, record: Mapping[str, Any], columns: Sequence[str] | None = None, dates: Collection[str] | None = None
    ) -> pa.Table:
        """The score rows of a committed run, of some dates where given, in the order of its files.

        Raises:
            AsdError: a file is missing or its bytes are not those that were committed.
        """
        schema = _schema(columns)
        tables = committed_tables(self.files, record, score_files(record, dates), columns)
        return pa.concat_tables([schema.empty_table(), *(table.select(schema.names).cast(schema) for table in tables)])

    def scored_dates(self, key: str) -> dict[str, list[RunEntry]]:
        """Date → the runs that scored it, the last committed first."""
        found: dict[str, list[RunEntry]] = {}
        for entry in reversed(self.entries(SCORING, key)):
            for date in self.dates_of(entry):
                found.setdefault(date, []).append(entry)
        return found

    def scores(
        self, key: str, dates: str | Collection[str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Current score rows of a recipe key, of some dates where given: of a clip scored often, the last committed.

        Raises:
            AsdError: a file that a run record names is missing, or its bytes are not those that were committed.
        """
        runs = self.scored_dates(key)
        wanted = set(runs) if dates is None else {dates} if isinstance(dates, str) else set(dates)
        runs = {date: runs[date] for date in sorted(wanted & runs.keys(), key=lambda date: runs[date], reverse=True)}
        names = SCORES.names if columns is None else list(dict.fromkeys([*columns, "uri", "date"]))
        nights = read_present(self.files, [night_path(key, date) for date in runs], _NIGHTS_AT_ONCE)
        read = {date: night_rows(data, runs[date], names) for date, data in zip(runs, nights, strict=True)}
        whole = {date: rows for date, rows in read.items() if rows is not None}  # those made of just these runs
        rest = self._from_parts({date: found for date, found in runs.items() if date not in whole}, names)
        rows = pa.concat_tables([*whole.values(), rest])
        if len(whole) > 1 and len(rows) > pc.count_distinct(rows["uri"]).as_py():  # a clip whose date was corrected
            return self._from_parts(runs, names)
        return rows

    def _from_parts(self, runs: Mapping[str, Sequence[RunEntry]], names: Sequence[str]) -> pa.Table:
        newest_first = sorted({entry for found in runs.values() for entry in found}, reverse=True)
        tables = [self.read_scores(self.record(entry), names, runs) for entry in newest_first]
        return first_of_each(pa.concat_tables([_schema(names).empty_table(), *tables]), "uri")


def _schema(columns: Sequence[str] | None) -> pa.Schema:
    return SCORES if columns is None else pa.schema([SCORES.field(name) for name in columns])


def score_files(record: Mapping[str, Any], dates: Collection[str] | None = None) -> dict[str, str]:
    """Path → checksum of a run's score files, of some dates where given."""
    folders = None if dates is None else {f"date={safe_name(date)}" for date in dates}
    files: Mapping[str, str] = record.get("score_files", {})
    return {path: checksum for path, checksum in files.items() if folders is None or path.split("/")[-2] in folders}
