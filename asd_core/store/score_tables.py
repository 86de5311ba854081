"""Score rows: as runs wrote them, and as they stand now.

A run's rows lie in parts that its record names with their checksums; these are the truth. Of a clip that several runs
scored, the row of the run that committed last is the current one. Each night's current rows are kept in one file, which
is read where it is made of just the runs that are committed now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.store.layout import night_path, safe_name
from asd_core.store.many_files import committed_tables, read_present, write_many
from asd_core.store.night_files import ReadGroup, night_bytes, night_groups, night_rows, with_paths
from asd_core.store.run_records import IN_NIGHTS, SCORING, RunEntry, RunRecords
from asd_core.store.tables import SCORES, filled, first_of_each

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
        return pa.concat_tables([_schema(columns).empty_table(), *self._parts(record, columns, dates)])

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

    def score_groups(self, key: str, date: str) -> list[ReadGroup]:
        """Current score rows of a night in pieces, rows of NIGHT, so that a large night need not be held; [] for none.

        Where the file of the night is not there or made of other runs, all rows are one piece. A piece of a file that
        is broken raises one of `asd_core.store.night_files.BROKEN`.

        Raises:
            AsdError: as `scores`.
        """
        runs = self.scored_dates(key).get(date)
        if runs is None:
            return []
        data = None
        with suppress(FileNotFoundError):
            data = self.files.read(night_path(key, date))
        groups = night_groups(data, runs)
        return [lambda names: with_paths(self.scores(key, date)).select(names)] if groups is None else groups

    def _from_parts(self, runs: Mapping[str, Sequence[RunEntry]], names: Sequence[str]) -> pa.Table:
        newest_first = sorted({entry for found in runs.values() for entry in found}, reverse=True)
        tables = [self.read_scores(self.record(entry), names, runs) for entry in newest_first]
        return first_of_each(pa.concat_tables([_schema(names).empty_table(), *tables]), "uri")

    def publish_nights(self, key: str, run_id: str, progress: Callable[[str, int, int], None]) -> None:
        """Write the files of the nights of a run, and of all unmarked runs of its recipe key.

        A run is marked once its rows are in the files of its nights. What a run left undone when it broke, the next one
        does; so do nights of stores that had no such files. Two runs at once both look again after they wrote: whoever
        writes last has seen what the other committed.

        Args:
            key: of the recipe.
            run_id: of a committed run; its nights are written even where it is marked, if their files are gone.
            progress: told (stage, done, total).

        Raises:
            AsdError: a part of this run's nights is gone or changed. Nights of other runs are left as they are then.
        """
        folder = f"run_index/{safe_name(key)}/{IN_NIGHTS}"
        marked = {info.path.rsplit("/", 1)[-1] for info in self.files.list(folder)}
        written: dict[str, list[RunEntry]] = {}
        broken: set[RunEntry] = set()

        def lacks_rows(date: str, found: list[RunEntry]) -> bool:
            ids = {entry.run_id for entry in found}
            if date in written:
                return written[date] != found
            return not ids <= marked or (run_id in ids and not self.files.exists(night_path(key, date)))

        runs = self.scored_dates(key)
        while behind := [date for date, found in runs.items() if lacks_rows(date, found)]:
            for done, date in enumerate(sorted(behind, reverse=True), 1):
                written[date] = runs[date]
                parts = (part for entry in runs[date] for part in self._parts(self.record(entry), None, [date]))
                try:
                    self.files.write(night_path(key, date), night_bytes(parts, runs[date]))
                except AsdError:
                    if any(entry.run_id == run_id for entry in runs[date]):
                        raise
                    broken.update(runs[date])
                progress("writing the files of nights", done, len(behind))
            runs = self.scored_dates(key)
        done_with = {entry.run_id for found in runs.values() for entry in found if entry not in broken} - marked
        write_many(self.files, {f"{folder}/{name}": b"" for name in sorted(done_with)})
        self.index_runs()

    def _parts(
        self, record: Mapping[str, Any], columns: Sequence[str] | None, dates: Collection[str] | None
    ) -> Iterator[pa.Table]:
        schema = _schema(columns)
        for table in committed_tables(self.files, record, score_files(record, dates), columns):
            yield filled(table, schema)


def _schema(columns: Sequence[str] | None) -> pa.Schema:
    return SCORES if columns is None else pa.schema([SCORES.field(name) for name in columns])


def score_files(record: Mapping[str, Any], dates: Collection[str] | None = None) -> dict[str, str]:
    """Path → checksum of a run's score files, of some dates where given."""
    folders = None if dates is None else {f"date={safe_name(date)}" for date in dates}
    files: Mapping[str, str] = record.get("score_files", {})
    return {path: checksum for path, checksum in files.items() if folders is None or path.split("/")[-2] in folders}
