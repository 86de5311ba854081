"""Things in a store that may be removed, and from when on one is old."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asd_core.store.files import FileInfo


@dataclass(frozen=True)
class Prunable:
    """One thing that may be removed: a report, a version of a scorer, a search, ...

    Attributes:
        name: its folder or file.
        first: files by which others find it: they go first, so that nobody finds a part of it.
        rest: its other files.
    """

    name: str
    first: tuple[FileInfo, ...]
    rest: tuple[FileInfo, ...] = ()

    @property
    def files(self) -> tuple[FileInfo, ...]:
        """All of its files."""
        return self.first + self.rest

    @property
    def bytes(self) -> int:
        """Size of all of them."""
        return sum(info.size for info in self.files)


@dataclass(frozen=True)
class Limit:
    """The moment before which things are old; what cannot be dated is not old.

    Attributes:
        before: the moment, with its zone.
    """

    before: datetime

    @classmethod
    def of(cls, older_than: timedelta, now: datetime | None = None) -> Limit:
        """The moment so long before now."""
        return cls((now or datetime.now(UTC)).astimezone(UTC) - older_than)

    def is_old_date(self, date: str) -> bool:
        """Tell if a night is old, by its date."""
        return "" < date < self.before.date().isoformat()

    def is_old_time(self, iso: str) -> bool:
        """Tell if a commit is old, by its time."""
        try:
            moment = datetime.fromisoformat(iso)
        except ValueError:
            return False
        return moment.tzinfo is not None and moment < self.before

    def are_old_files(self, infos: Sequence[FileInfo]) -> bool:
        """Tell if the newest of some files was written before, by the clock of the place."""
        times = [info.modified for info in infos]
        return bool(times) and not any(map(math.isnan, times)) and max(times) < self.before.timestamp()
