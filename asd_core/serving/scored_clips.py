"""Scored clips of a store, found by their ids, with the flagged clips of the same night before and after each.

An id is looked up in the tables that runs committed, so no text of a web address ever becomes a path.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.store.night_files import BROKEN, ReadGroup, with_paths
from asd_core.store.run_records import SCORING, RunEntry
from asd_core.store.store import Store
from asd_core.store.tables import NIGHT, rows_of

_CLIP_ID = re.compile(r"[0-9a-f]{32}")
_FLAGGED = ("clip_id", "uri", "machine_type", "machine_id", "anomaly_score", "is_flagged")
_SECONDS_TO_WAIT = 20.0  # for others who search
_NIGHTS_KEPT, _PLACES_KEPT = 16, 4096  # lists of flagged clips, and ids whose nights are known


@dataclass(frozen=True)
class FoundClip:
    """A clip in the current scores of a night.

    Attributes:
        key: KEY of the recipe that scored it.
        date: of the night.
        row: of NIGHT.
        run: the run that scored the night last.
    """

    key: str
    date: str
    row: Mapping[str, Any]
    run: RunEntry


class ScoredClips:
    """The clips of a store that were scored.

    Args:
        store: whose tables are read, a piece of a night at a time.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._searching = threading.Lock()
        self._nights: OrderedDict[str, tuple[str, str]] = OrderedDict()  # clip id → KEY and date
        self._flagged: OrderedDict[tuple[str, str, tuple[RunEntry, ...]], tuple[str, ...]] = OrderedDict()

    def find(self, clip_id: str, key: str = "", date: str = "") -> FoundClip | None:
        """A clip by its id; None where no current score is about it.

        With KEY and date one night is read. Without them nights are searched, the newest first, one search at a time.

        Args:
            clip_id: as in the scores; anything else is found nowhere.
            key: of a recipe; "" for any.
            date: of a night; "" for any.

        Raises:
            AsdError: a night's scores are gone or broken, or too many search.
        """
        if not _CLIP_ID.fullmatch(clip_id):
            return None
        nights = [night for night in self._scored() if key in ("", night[0]) and date in ("", night[1])]
        if len(nights) <= 1:
            return next(filter(None, (self._in_night(clip_id, *night) for night in nights)), None)
        known = self._nights.get(clip_id)
        nights.sort(key=lambda night: night != known)  # a stable order
        if not self._searching.acquire(timeout=_SECONDS_TO_WAIT):
            raise AsdError("many clips are being looked for: try again, or name KEY and night in the address")
        try:
            for night in nights:
                if (found := self._in_night(clip_id, *night)) is not None:
                    self._remember(clip_id, night)
                    return found
        finally:
            self._searching.release()
        return None

    def other_keys(self, found: FoundClip) -> list[str]:
        """The KEYs of other recipes that scored the same clip that night."""
        others = [key for key, date in self._scored() if date == found.date and key != found.key]
        return [key for key in others if self._in_night(found.row["clip_id"], key, found.date) is not None]

    def flagged(self, key: str, date: str) -> tuple[str, ...]:
        """Ids of a night's flagged clips: machines in the order of its alarms, the highest score of each first."""
        runs = self._store.scored_dates(key).get(date)
        if runs is None:
            return ()
        mark = (key, date, tuple(runs))
        if mark not in self._flagged:
            self._flagged[mark] = self._flagged_of(key, date)
            while len(self._flagged) > _NIGHTS_KEPT:
                self._flagged.popitem(last=False)
        return self._flagged[mark]

    def beside(self, found: FoundClip) -> tuple[str | None, str | None]:
        """Ids of the flagged clips before and after a clip; of a clip that is not flagged, None and the first one."""
        ids = self.flagged(found.key, found.date)
        if found.row["clip_id"] not in ids:
            return None, next(iter(ids), None)
        place = ids.index(found.row["clip_id"])
        return (ids[place - 1] if place else None), (ids[place + 1] if place + 1 < len(ids) else None)

    def _scored(self) -> list[tuple[str, str]]:
        """KEY and date of every scored night, the newest night first, and of a night the recipe that ran last."""
        found: dict[tuple[str, str], str] = {}
        for entry in self._store.entries(SCORING):
            found |= {(entry.key, date): entry.committed_at for date in self._store.dates_of(entry)}
        return sorted(found, key=lambda night: (night[1] != "undated", night[1], found[night]), reverse=True)

    def _in_night(self, clip_id: str, key: str, date: str) -> FoundClip | None:
        try:
            row = _row_in(self._store.score_groups(key, date), clip_id)
        except BROKEN:
            row = _row_in([_read_of(self._from_parts(key, date))], clip_id)
        return None if row is None else FoundClip(key, date, row, self._store.scored_dates(key)[date][0])

    def _remember(self, clip_id: str, night: tuple[str, str]) -> None:
        self._nights[clip_id] = night
        while len(self._nights) > _PLACES_KEPT:
            self._nights.popitem(last=False)

    def _flagged_of(self, key: str, date: str) -> tuple[str, ...]:
        kept = self._store.kept_alarms(key, [date], ["machine_type", "machine_id"]).get(date)
        machines = () if kept is None else rows_of(kept.rows, "machine_type", "machine_id")
        order = {machine: place for place, machine in enumerate(machines)}
        clips = [row for rows in self.columns(key, date, _FLAGGED) for row in rows_of(_only_flagged(rows), *_FLAGGED)]

        def worst_first(clip: tuple[Any, ...]) -> tuple[Any, ...]:
            _, uri, *machine, score, _ = clip
            return (order.get(tuple(machine), len(order)), *machine, -score, uri)

        return tuple(clip[0] for clip in sorted(clips, key=worst_first))

    def columns(self, key: str, date: str, names: Sequence[str]) -> Iterator[pa.Table]:
        """Columns of NIGHT of a scored night, a piece of it at a time.

        Raises:
            AsdError: the night's scores are gone, or its file is broken behind the first piece.
        """
        for number, read in enumerate(self._store.score_groups(key, date)):
            try:
                rows = read(names)
            except BROKEN as error:
                if number:
                    raise AsdError(
                        f"the scores of {key} on {date} are broken: run asd nightly --date {date}"
                    ) from error
                yield self._from_parts(key, date).select(names)
                return
            yield rows

    def _from_parts(self, key: str, date: str) -> pa.Table:
        """The rows of a night whose file is broken, as runs wrote them."""
        return with_paths(self._store.scores(key, date))


def _row_in(groups: Sequence[ReadGroup], clip_id: str) -> dict[str, Any] | None:
    for read in groups:
        place = pc.index(read(["clip_id"])["clip_id"], pa.scalar(clip_id)).as_py()
        if place >= 0:
            (row,) = read(NIGHT.names).slice(place, 1).to_pylist()
            return dict(row)
    return None


def _read_of(rows: pa.Table) -> ReadGroup:
    return lambda names: rows.select(names)


def _only_flagged(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.fill_null(rows["is_flagged"], False))
