"""Run records, and finding them without opening them.

A record names everything that its run committed, some 0.7 MB for 10,000 machines. An empty file in ``run_index/`` tells
by its name alone which job, recipe key and dates a record is about and when it was committed. It is written after the
record. A record without one (the run broke in between, or an older version wrote it) is opened, and indexed by the
next run that commits.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from asd_core.errors import AsdError
from asd_core.store.broken_files import RESTORE, json_object
from asd_core.store.files import Files
from asd_core.store.layout import may_hold, name_of, record_path, safe_name, words_of
from asd_core.store.many_files import read_many, write_many

IN_NIGHTS = "in_nights"
SCORING = ("score", "nightly")
"""Jobs whose records name score files."""

_KEPT = 64  # records that stay in memory


@dataclass(frozen=True, order=True)
class RunEntry:
    """One line of the index of run records; entries sort oldest first.

    Attributes:
        committed_at: ISO time.
        run_id: name of the record.
        job: ``score``, ``nightly``, ``fit``, ``caption``, ...
        key: of the recipe; "" where the job has none.
        first_date: earliest date of its recordings; "" where the record has no dates.
        last_date: latest one.
    """

    committed_at: str
    run_id: str
    job: str
    key: str
    first_date: str
    last_date: str

    @property
    def path(self) -> str:
        """Path of the empty file that tells all this."""
        name = name_of(self.committed_at, self.first_date, self.last_date, self.run_id)
        return f"run_index/{safe_name(self.key)}/{safe_name(self.job)}/{name}"


class RunRecords:
    """The run records of a store."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._entries: dict[tuple[str, str], RunEntry] = {}  # run id and version of its file → entry
        self._unindexed: set[RunEntry] = set()
        self._records = lru_cache(_KEPT)(lambda entry: self._record(record_path(entry.run_id)))

    def run(self, run_id: str) -> dict[str, Any] | None:
        """The record of a committed run, or None."""
        with suppress(FileNotFoundError):
            return self._record(record_path(run_id))
        return None

    def runs(
        self, job: str | None = None, key: str | None = None, dates: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """Records of the committed runs, of one job, recipe key and some dates where given, oldest first."""
        jobs = None if job is None else (job,)
        return [self.record(entry) for entry in self.entries(jobs, key, dates)]

    def commit_run(self, record: Mapping[str, Any]) -> None:
        """Publish a run, unless it had been published already: from here on readers see it."""
        text = json.dumps(record, indent=1, sort_keys=True)
        if self.files.write_new(record_path(record["run_id"]), text.encode()):
            self._unindexed.add(_entry_of(record["run_id"], record))
        self.index_runs()

    def index_runs(self) -> None:
        """Index the records that were found without an entry."""
        found, self._unindexed = self._unindexed, set()
        write_many(self.files, {entry.path: b"" for entry in sorted(found)})

    def entries(
        self, jobs: Collection[str] | None = None, key: str | None = None, dates: Collection[str] | None = None
    ) -> list[RunEntry]:
        """Index entries of the committed runs, oldest first, of some jobs, a recipe key and some dates where given.

        One listing of the records, and one of the index where a record is new to this process.
        """
        return sorted(
            entry
            for entry in self._listed()
            if (jobs is None or entry.job in jobs)
            and (key is None or entry.key == key)
            and (
                dates is None
                or (may_hold((entry.first_date, entry.last_date), dates) and not self.dates_of(entry).isdisjoint(dates))
            )
        )

    def dates_of(self, entry: RunEntry) -> set[str]:
        """Dates of a run's recordings; its record is opened only where they are several."""
        if entry.first_date == entry.last_date:
            return {entry.first_date} - {""}
        return set(self.record(entry)["dates"])

    def record(self, entry: RunEntry) -> dict[str, Any]:
        """A committed run's record."""
        return self._records(entry)

    def each_record(self, entries: Iterable[RunEntry]) -> Iterator[tuple[RunEntry, dict[str, Any]]]:
        """Entries with their records, in their order; many are read at once, and none is kept in memory."""
        waiting = list(entries)
        paths = [record_path(entry.run_id) for entry in waiting]
        for entry, path, data in zip(waiting, paths, read_many(self.files, paths), strict=True):
            yield entry, _record_in(path, data)

    def _listed(self) -> list[RunEntry]:
        infos = [info for info in self.files.list("runs") if info.path.endswith(".json")]
        present = {(info.path.removeprefix("runs/").removesuffix(".json"), info.version) for info in infos}
        if new := present - self._entries.keys():
            told = map(_entry_from, (info.path for info in self.files.list("run_index")))
            entries = {entry.run_id: entry for entry in sorted(entry for entry in told if entry is not None)}
            untold = sorted({run_id for run_id, _ in new} - entries.keys())
            for run_id, data in zip(untold, read_many(self.files, map(record_path, untold)), strict=True):
                entries[run_id] = _entry_of(run_id, _record_in(record_path(run_id), data))
                self._unindexed.add(entries[run_id])
            # A new mapping: threads of a server may be reading the one of before.
            self._entries = self._entries | {name: entries[name[0]] for name in new}
        return [self._entries[name] for name in present]

    def _record(self, path: str) -> dict[str, Any]:
        return _record_in(path, self.files.read(path))


def _entry_of(run_id: str, record: Mapping[str, Any]) -> RunEntry:
    dates = record.get("dates") or [""]
    committed_at, job, key = (str(record.get(name) or "") for name in ("committed_at", "job", "key"))
    return RunEntry(committed_at, run_id, job, key, min(dates), max(dates))


def _entry_from(path: str) -> RunEntry | None:
    """The entry that a file's name tells; None for another file."""
    match [words_of(part) for part in path.split("/")]:
        case [_, [key], [job], [committed_at, first, last, run_id]]:
            return RunEntry(committed_at, run_id, job, key, first, last)
    return None


def _record_in(path: str, data: bytes) -> dict[str, Any]:
    """A run's record, whose fields are of the types that readers of any job take for granted."""
    record = json_object(path, data)
    for name, is_right in _FIELDS.items():
        if (name in record or name in _ALWAYS) and not is_right(record.get(name)):
            value = _shown(record.get(name))
            raise AsdError(f"{path} in the store is no record of a run: {name} is {value}; {RESTORE}")
    return record


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _may_be_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_objects(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, dict) for one in value.values())


def _is_names(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


def _is_numbers(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(one, int | float) for one in value.values())


def _is_collection(value: object) -> bool:
    return isinstance(value, dict | list)


_ALWAYS = ("run_id", "job")
_FIELDS: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(_ALWAYS, _is_text),
    **dict.fromkeys(("committed_at", "key", "clips"), _may_be_text),
    **dict.fromkeys(("dates", "notes", "recipes"), _is_texts),
    **dict.fromkeys(("counts", "order", "recipe", "last", "network"), _is_object),
    **dict.fromkeys(("judged_anew", "best"), _is_objects),
    **dict.fromkeys(
        ("scorers", "fingerprints", "score_files", "caption_files", "choices", "failed_machines"), _is_names
    ),
    "seconds": _is_numbers,
    "left_out": _is_collection,
}
