"""The newest night that a store has scores of, and whether one is overdue: told by names of run records alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asd_core.clips.clip import UNDATED
from asd_core.errors import AsdError
from asd_core.store.run_records import SCORING, RunEntry
from asd_core.store.store import Store


@dataclass(frozen=True)
class NewestNight:
    """The newest scored night of a KEY.

    Attributes:
        key: of the recipe.
        date: of the night; "undated" where no scored clip has a date.
        committed_at: when it was scored first, ISO time. Scoring it again makes no newer night.
    """

    key: str
    date: str
    committed_at: str

    def age(self, now: datetime | None = None) -> timedelta:
        """Time since it was committed.

        Raises:
            AsdError: its record has no time.
        """
        try:
            return (now or datetime.now(UTC)) - datetime.fromisoformat(self.committed_at)
        except (ValueError, TypeError) as error:
            raise AsdError(f"the run of {self.key} on {self.date} has no time of its commit: restore its record") from (
                error
            )


def newest_night(store: Store, key: str) -> NewestNight | None:
    """The newest scored night of a KEY; None where nothing is scored. A record is opened only where it has many dates.

    Of clips without a date, the last run counts.
    """
    return _newest(store, key, store.entries(SCORING, key))


def newest_nights(store: Store, within_days: int) -> list[NewestNight]:
    """The newest night of each KEY in use, the last committed first.

    A KEY is in use where its newest night was committed at most so many days before the newest of the whole store. So
    a recipe that was tried once is not missed for ever, and where all stop, the last ones are.
    """
    by_key: dict[str, list[RunEntry]] = {}
    for entry in store.entries(SCORING):
        by_key.setdefault(entry.key, []).append(entry)
    found = [night for key, entries in by_key.items() if (night := _newest(store, key, entries)) is not None]
    found.sort(key=lambda night: night.committed_at, reverse=True)
    now = datetime.now(UTC)
    return [night for night in found if night.age(now) - found[0].age(now) <= timedelta(days=within_days)]


def overdue(nights: Sequence[NewestNight], max_age: timedelta, now: datetime | None = None) -> list[NewestNight]:
    """The nights that were committed longer ago than is allowed, the oldest first."""
    late = [night for night in nights if night.age(now) > max_age]
    return sorted(late, key=lambda night: night.committed_at)


def _newest(store: Store, key: str, entries: Sequence[RunEntry]) -> NewestNight | None:
    if not entries:
        return None
    last = {entry: _last_date(store, entry) for entry in entries}
    date = max(last.values())
    if not date:
        return NewestNight(key, UNDATED, max(entry.committed_at for entry in entries))
    return NewestNight(key, date, min(entry.committed_at for entry in entries if last[entry] == date))


def _last_date(store: Store, entry: RunEntry) -> str:
    """The last date of a run; "" where no clip of it has one."""
    if entry.last_date != UNDATED:
        return entry.last_date
    return max(store.dates_of(entry) - {UNDATED}, default="")
