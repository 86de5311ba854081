"""Run records, and finding them without opening them.

A record names everything that its run committed, some 0.7 MB for 10,000 machines. An empty file in ``run_index/`` tells
by its name alone which job, recipe key and dates a record is about and when it was committed. It is written after the
record. A record without one (the run broke in between, or an older version wrote it) is opened, and indexed by the
next run that commits.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from asd_core.errors import AsdError
from asd_core.store.files import Files
from asd_core.store.layout import record_path, safe_name, word_of
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
        words = (self.committed_at, self.first_date, self.last_date)
        name = ",".join([*map(safe_name, words), self.run_id])
        return f"run_index/{safe_name(self.key)}/{safe_name(self.job)}/{name}"

    def may_be_of(self, dates: Collection[str] | None) -> bool:
        """Tell if one of these dates lies between its first and last date; always true for None."""
        return dates is None or any(self.first_date <= date <= self.last_date for date in dates)


class RunRecords:
    """The run records of a store."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._entries: dict[tuple[str, str], RunEntry] = {}  # run id and version of its file → entry
        self._unindexed: set[RunEntry] = set()
        self._records: dict[RunEntry, dict[str, Any]] = {}

    def run(self, run_id: str) -> dict[str, Any] | None:
        """The record of a committed run, or None."""
        try:
            data = self.files.read(record_path(run_id))
        except FileNotFoundError:
            return None
        return _json_object(record_path(run_id), data)

    def runs(
        self, job: str | None = None, key: str | None = None, dates: Collection[str] | None = None
    ) -> list[dict[str, Any]]:
        """Records of the committed runs, of one job, recipe key and some dates where given, oldest first."""
        jobs = None if job is None else (job,)
        return [self.record(entry) for entry in self.entries(jobs, key, dates)]

    def commit_run(self, record: Mapping[str, Any]) -> bool:
        """Publish a run: from here on readers see it. False where that run had been published already."""
        text = json.dumps(record, indent=1, sort_keys=True)
        is_new = self.files.write_new(record_path(record["run_id"]), text.encode())
        if is_new:
            self._unindexed.add(_entry_of(record["run_id"], record))
        self.index_runs()
        return is_new

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
        found = self._listed()
        chosen = [
            entry
            for entry in found
            if (jobs is None or entry.job in jobs)
            and (key is None or entry.key == key)
            and (dates is None or (entry.may_be_of(dates) and bool(self.dates_of(entry) & set(dates))))
        ]
        return sorted(chosen)

    def dates_of(self, entry: RunEntry) -> set[str]:
        """Dates of a run's recordings; its record is opened only where they are several."""
        if entry.first_date == entry.last_date:
            return {entry.first_date} - {""}
        return set(self.record(entry)["dates"])

    def record(self, entry: RunEntry) -> dict[str, Any]:
        """A committed run's record."""
        if entry not in self._records:
            while len(self._records) >= _KEPT:
                self._records.pop(next(iter(self._records)), None)
            path = record_path(entry.run_id)
            record = self._records[entry] = _json_object(path, self.files.read(path))
            return record
        return self._records[entry]

    def _listed(self) -> list[RunEntry]:
        infos = [info for info in self.files.list("runs") if info.path.endswith(".json")]
        present = {(_run_id(info.path), info.version) for info in infos}
        if new := present - self._entries.keys():
            indexed: dict[str, RunEntry] = {}
            for info in self.files.list("run_index"):
                entry = _entry_from(info.path)
                if entry is not None:
                    indexed[entry.run_id] = max(entry, indexed.get(entry.run_id, entry))
            unindexed = sorted(name for name in new if name[0] not in indexed)
            paths = [record_path(run_id) for run_id, _ in unindexed]
            for (run_id, version), path, data in zip(unindexed, paths, read_many(self.files, paths), strict=True):
                self._entries[run_id, version] = _entry_of(run_id, _json_object(path, data))
                self._unindexed.add(self._entries[run_id, version])
            self._entries |= {name: indexed[name[0]] for name in new if name[0] in indexed}
        return [self._entries[name] for name in present]

    def _json(self, path: str) -> dict[str, Any]:
        return _json_object(path, self.files.read(path))


def _run_id(path: str) -> str:
    return path.removeprefix("runs/").removesuffix(".json")


def _entry_of(run_id: str, record: Mapping[str, Any]) -> RunEntry:
    dates = record.get("dates") or [""]
    committed_at, job, key = (str(record.get(name) or "") for name in ("committed_at", "job", "key"))
    return RunEntry(committed_at, run_id, job, key, min(dates), max(dates))


def _entry_from(path: str) -> RunEntry | None:
    """The entry that a file's name tells; None for another file."""
    folders, words = path.split("/"), path.rpartition("/")[2].split(",", 3)
    if len(folders) != 4 or len(words) != 4:
        return None
    _, key, job, _ = folders
    committed_at, first, last = map(word_of, words[:3])
    return RunEntry(committed_at, words[3], word_of(job), word_of(key), first, last)


def _json_object(path: str, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise AsdError(f"{path} in the store is no valid JSON: {error}; restore it or remove it") from error
    if not isinstance(value, dict):
        raise AsdError(f"{path} in the store is no JSON object; restore it or remove it")
    return value
