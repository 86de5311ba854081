"""The nights of a store as a server remembers them: read once, and again where a run or a file has changed."""

from __future__ import annotations

import math
import threading
import time
import urllib.parse
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from asd_core.clips.clip import UNDATED
from asd_core.pages.fleet import FleetHistory
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.pipeline.stored_keys import recipe_of
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.alarm_marks import digests_of_nights, mark_of_scores, told_by
from asd_core.runs.alarms import past_precision
from asd_core.runs.gathered_fleet import COLUMNS, GatheredFleet
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.layout import alarms_path, safe_name
from asd_core.store.run_records import SCORING, RunEntry
from asd_core.store.store import Store

Machine = tuple[str, str]
"""Type and id."""

MOST_NIGHTS = 366
"""That a page shows."""

_NIGHTS_AT_ONCE = 8  # whose files are held while they are read
_WHOLE_NIGHTS = 8  # that are remembered with all columns: of 10,000 machines some 8 MB each


@dataclass
class _Fleet:
    """One KEY; ``lock`` is held by whoever reads more of it."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    gathered: GatheredFleet = field(default_factory=GatheredFleet)
    read: dict[str, tuple[str, str]] = field(default_factory=dict)  # date → versions of file and runs that were read
    entries: Sequence[RunEntry] = ()
    runs: Mapping[str, list[RunEntry]] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    fits: object = None
    scorers: Sequence[Machine] = ()


class FleetMemory:
    """All fleets of a store, one for each KEY.

    Names are looked up at each request, which is one listing of records and one of alarms. Files are read where their
    name, size or version is new.

    Args:
        store: where runs are.
        seconds: for which a listing of the runs holds: one page looks at it some ten times.
    """

    def __init__(self, store: Store, seconds: float = 0.0) -> None:
        self._store, self._lock, self._seconds = store, threading.Lock(), seconds
        self._listed: tuple[float, Sequence[RunEntry]] = (-math.inf, ())
        self._fleets: dict[str, _Fleet] = {}
        self._whole: OrderedDict[tuple[str, str, str], KeptNight] = OrderedDict()
        self._acts: dict[str, tuple[Sequence[str], pa.Table]] = {}  # of people, by their folder, and the files read

    def keys(self) -> list[str]:
        """KEYs with scores, that of the newest night first."""
        newest: dict[str, tuple[str, str]] = {}
        for entry in self._entries(SCORING):
            last = "" if entry.last_date == UNDATED else entry.last_date
            newest[entry.key] = max(newest.get(entry.key, ("", "")), (last, entry.committed_at))
        return sorted(newest, key=lambda key: (newest[key], key), reverse=True)

    def runs(self, key: str) -> Mapping[str, list[RunEntry]]:
        """Date → the runs that scored it, the last committed first."""
        fleet, entries = self._fleet(key), self._entries(SCORING, key)
        if fleet.entries != entries:
            runs = self._store.scored_dates(key)
            with fleet.lock:
                fleet.runs, fleet.entries = runs, entries
                fleet.marks = {date: mark_of_scores(found) for date, found in runs.items()}
        return fleet.runs

    def dates(self, key: str) -> list[str]:
        """The scored nights, ascending; clips without a date are a night of their own, which comes first."""
        return sorted(self.runs(key), key=lambda date: (date != UNDATED, date))

    def config(self, key: str, date: str) -> AlarmConfig:
        """The rule of the recipe by which a night was scored last."""
        found = self.runs(key).get(date)
        recipe = recipe_of(self._store.record(found[0])) if found else None
        return AlarmConfig() if recipe is None else recipe.for_machine("").alarm

    def night(self, key: str, date: str) -> KeptNight | None:
        """The kept alarms of a night, all columns; None where there are none, or other runs have scored it since."""
        versions = self._versions(key)
        if date not in versions:
            return None
        name = (key, date, versions[date])
        with self._lock:
            if name in self._whole:
                self._whole.move_to_end(name)
        kept = self._whole.get(name) or self._store.kept_alarms(key, [date]).get(date)
        if kept is None or not kept.is_made_of({"scores": self._mark(key, date)}):
            return None
        with self._lock:
            self._whole[name] = kept
            while len(self._whole) > _WHOLE_NIGHTS:
                self._whole.popitem(last=False)
        return kept

    def history(self, key: str, dates: Sequence[str]) -> FleetHistory:
        """Some nights of a fleet; those whose alarms are not kept are blank.

        Args:
            key: of the fleet.
            dates: ascending, at least one.
        """
        self._read(key, dates)
        with self._fleet(key).lock:
            return self._fleet(key).gathered.history(recipe_name(key), key, dates)

    def read_ahead(self) -> None:
        """Read the nights of the fleet that pages show first, so that nobody waits for them.

        It rests as long as it works, so that those who ask in the meantime are answered.
        """
        for key in self.keys()[:1]:
            dates = self.dates(key)[-MOST_NIGHTS:]
            for end in range(len(dates), 0, -_NIGHTS_AT_ONCE):
                start = time.monotonic()
                self._read(key, dates[max(0, end - _NIGHTS_AT_ONCE) : end])
                time.sleep(time.monotonic() - start)

    def flagged(self, key: str, machine: Machine, dates: Sequence[str]) -> list[int]:
        """The flagged clips of a machine in each of some nights."""
        self._read(key, dates)
        with self._fleet(key).lock:
            gathered = self._fleet(key).gathered
            if machine not in gathered.machines:
                return [0] * len(dates)
            return gathered.flagged(gathered.machines.index(machine), dates)

    def precision(self, key: str) -> str:
        """How many of the labelled alarms of the newest night and those before were faults, in words; "" without."""
        return past_precision(self._store, key, self.dates(key)[-1]).sentence()

    def scorers(self, key: str) -> Sequence[Machine]:
        """The machines that have a scorer, heard or not."""
        fleet, fits = self._fleet(key), self._entries(("fit",), key)
        if fleet.fits != fits:
            folders = [folder.split("/")[2:] for folder in newest_versions(self._store, key)]
            known = {tuple(map(safe_name, machine)): machine for machine in fleet.gathered.machines}
            fleet.scorers = [known.get((kind, name), (_word(kind), _word(name))) for kind, name in folders]
            fleet.fits = fits
        return fleet.scorers

    def labels(self) -> pa.Table:
        """The answers of people that count, rows of LABELS, the oldest first."""
        return self._kept("labels", self._store.labels)

    def has_new_answers(self, key: str, date: str, night: KeptNight) -> bool:
        """Tell if people said something, of maintenance too, since the alarms of a night were found."""
        answers = digests_of_nights(self.labels(), self._kept("maintenance", self._store.maintenance))
        told = told_by(self.config(key, date), (), answers, date)
        return not night.is_made_of({"answers": told["answers"]})

    def _kept(self, folder: str, read: Callable[[], pa.Table]) -> pa.Table:
        """The rows of what people said, of a folder, read where it has other files than before."""
        names = [info.path for info in self._store.files.list(folder)]
        if folder not in self._acts or self._acts[folder][0] != names:
            self._acts[folder] = (names, read())  # what came in between is looked for again
        return self._acts[folder][1]

    def _entries(self, jobs: Sequence[str], key: str | None = None) -> list[RunEntry]:
        """Committed runs of some jobs, of a KEY where given, oldest first."""
        at, entries = self._listed
        if time.monotonic() - at > self._seconds:
            entries = self._store.entries()
            self._listed = (time.monotonic(), entries)
        return [entry for entry in entries if entry.job in jobs and key in (None, entry.key)]

    def _fleet(self, key: str) -> _Fleet:
        with self._lock:
            return self._fleets.setdefault(key, _Fleet())

    def _mark(self, key: str, date: str) -> str:
        return self._fleet(key).marks.get(date, "")

    def _versions(self, key: str) -> dict[str, str]:
        """Date → version of the file of its alarms."""
        found = {info.path: f"{info.size} {info.version}" for info in self._store.files.list(f"alarms/{key}")}
        paths = {date: alarms_path(key, date) for date in self.runs(key)}
        return {date: found[path] for date, path in paths.items() if path in found}

    def _read(self, key: str, dates: Sequence[str]) -> None:
        """Read what is new of some nights, the newest first; others may look in between."""
        fleet, versions = self._fleet(key), self._versions(key)
        wanted = {date: (versions[date], self._mark(key, date)) for date in dates if date in versions}
        with fleet.lock:
            gone = [date for date in dates if date in fleet.read and fleet.read[date] != wanted.get(date)]
            fleet.gathered.drop(gone)
            for date in gone:
                del fleet.read[date]
        lacking = [date for date in reversed(wanted) if date not in fleet.read]
        for start in range(0, len(lacking), _NIGHTS_AT_ONCE):
            with fleet.lock:
                chunk = [date for date in lacking[start : start + _NIGHTS_AT_ONCE] if date not in fleet.read]
                for date, kept in self._store.kept_alarms(key, chunk, COLUMNS).items():
                    if kept.is_made_of({"scores": wanted[date][1]}):
                        fleet.gathered.add(date, kept.rows, self.config(key, date))
                fleet.read |= {date: wanted[date] for date in chunk}


def recipe_name(key: str) -> str:
    """The name of the recipe in a KEY."""
    return key.rpartition("-")[0] or key


def _word(name: str) -> str:
    """The word that `safe_name` made a file's name of, unless it was cut."""
    return "" if name == "%" else urllib.parse.unquote(name)
