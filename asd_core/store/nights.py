"""Keeping the file of each night up to date with the runs that are committed.

A run is marked once its rows are in the files of its nights. What a run left undone when it broke, the next one does;
so do nights of stores that had no such files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from asd_core.errors import AsdError
from asd_core.store.layout import night_path, safe_name
from asd_core.store.many_files import committed_tables, write_many
from asd_core.store.night_files import night_bytes
from asd_core.store.run_records import IN_NIGHTS, RunEntry
from asd_core.store.score_tables import ScoreTables, score_files
from asd_core.store.tables import SCORES


def publish_nights(store: ScoreTables, key: str, run_id: str, progress: Callable[[str, int, int], None]) -> None:
    """Write the files of the nights of a run, and of all unmarked runs of its recipe key.

    Two runs at once both look again after they wrote: whoever writes last has seen what the other committed.

    Args:
        store: where the runs are committed.
        key: of the recipe.
        run_id: of a committed run; its nights are written even where it is marked, if their files are gone.
        progress: told (stage, done, total).

    Raises:
        AsdError: a part of this run's nights is gone or changed. Nights of other runs are left as they are then.
    """
    folder = f"run_index/{safe_name(key)}/{IN_NIGHTS}"
    marked = {info.path.rsplit("/", 1)[-1] for info in store.files.list(folder)}
    written: dict[str, list[RunEntry]] = {}
    broken: set[RunEntry] = set()

    def lacks_rows(date: str, found: list[RunEntry]) -> bool:
        ids = {entry.run_id for entry in found}
        if date in written:
            return written[date] != found
        return not ids <= marked or (run_id in ids and not store.files.exists(night_path(key, date)))

    runs = store.scored_dates(key)
    while behind := [date for date, found in runs.items() if lacks_rows(date, found)]:
        for done, date in enumerate(sorted(behind, reverse=True), 1):
            written[date] = runs[date]
            try:
                store.files.write(night_path(key, date), night_bytes(_parts(store, date, runs[date]), runs[date]))
            except AsdError:
                if any(entry.run_id == run_id for entry in runs[date]):
                    raise
                broken.update(runs[date])
            progress("writing the files of nights", done, len(behind))
        runs = store.scored_dates(key)
    done_with = {entry.run_id for found in runs.values() for entry in found if entry not in broken} - marked
    write_many(store.files, {f"{folder}/{name}": b"" for name in sorted(done_with)})
    store.index_runs()


def _parts(store: ScoreTables, date: str, runs: Sequence[RunEntry]) -> Iterator[pa.Table]:
    for entry in runs:
        record = store.record(entry)
        for table in committed_tables(store.files, record, score_files(record, [date])):
            yield table.select(SCORES.names).cast(SCORES)
