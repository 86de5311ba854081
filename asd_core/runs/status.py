"""A store at a glance: its last nights, silent machines, scorers, and what is at work or was left."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.pipeline.type_scorers import newest_of_types
from asd_core.runs.newest_night import NewestNight
from asd_core.runs.night_status import NightStatus, night_statuses
from asd_core.runs.silent_machines import SilentMachine, silent_machines
from asd_core.runs.unfinished import Unfinished, unfinished
from asd_core.store.held_locks import HeldLock, held_locks
from asd_core.store.store import Store

_NUMBER = re.compile(r"v([0-9]+)-")


@dataclass(frozen=True)
class ScorerStatus:
    """The scorers of a KEY.

    Attributes:
        machines: with a scorer.
        types: machine types with a scorer for new machines.
        versions: number of a version → machines whose newest it is.
        fitted_at: when the last fit was committed, ISO time; None where no record of one is there.
    """

    machines: int
    types: int
    versions: dict[int, int]
    fitted_at: str | None


@dataclass(frozen=True)
class KeyStatus:
    """A KEY at a glance.

    Attributes:
        newest: its newest night.
        nights: the last ones, the newest first.
        silent: machines that were heard before, and not in the newest night.
        scorers: of its machines.
    """

    newest: NewestNight
    nights: list[NightStatus]
    silent: list[SilentMachine]
    scorers: ScorerStatus


@dataclass(frozen=True)
class Leftovers:
    """Files that writers left, or are writing now.

    Attributes:
        files: number of them.
        bytes: of all together.
        oldest: when the oldest was last written, ISO time; None without any.
    """

    files: int
    bytes: int
    oldest: str | None


@dataclass(frozen=True)
class StoreStatus:
    """A store at a glance.

    Attributes:
        keys: of the recipes asked for.
        locks: that are held, or were by who is dead.
        unfinished: nights and requests without an end.
        parts: of files, of runs that were killed or are writing.
    """

    keys: list[KeyStatus]
    locks: list[HeldLock]
    unfinished: Unfinished
    parts: Leftovers

    def json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


def store_status(store: Store, newest: Sequence[NewestNight], nights: int) -> StoreStatus:
    """A store at a glance. Names tell most of it; of each night shown, one record and its alarms are opened.

    Args:
        store: to look at.
        newest: night of each KEY to tell, see `asd_core.runs.newest_night.newest_nights`.
        nights: how many of each KEY.
    """
    keys = [
        KeyStatus(
            one,
            night_statuses(store, one.key, nights),
            silent_machines(store, one.key, nights),
            _scorers(store, one.key),
        )
        for one in newest
    ]
    return StoreStatus(keys, held_locks(store.files), unfinished(store), _leftovers(store))


def _scorers(store: Store, key: str) -> ScorerStatus:
    versions = newest_versions(store, key)
    fits = store.entries(("fit",), key)
    return ScorerStatus(
        len(versions),
        len(newest_of_types(store, key)),
        _counted(versions),
        fits[-1].committed_at if fits else None,
    )


def _counted(versions: Mapping[str, str]) -> dict[int, int]:
    numbers = [int(told[1]) for version in versions.values() if (told := _NUMBER.match(version))]
    return dict(sorted(Counter(numbers).items()))


def _leftovers(store: Store) -> Leftovers:
    found = store.files.leftovers()
    oldest = min((info.modified for info in found), default=None)
    told = None if oldest is None else datetime.fromtimestamp(oldest, UTC).isoformat(timespec="seconds")
    return Leftovers(len(found), sum(info.size for info in found), told)
