"""The locks of a store, for people who ask what is at work there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from asd_core.store.files import FileInfo, Files
from asd_core.store.locks import LEASE_SECONDS, holder_in, is_dead, is_lock
from asd_core.store.many_files import read_present


@dataclass(frozen=True)
class HeldLock:
    """A lock that somebody holds, or held until it died.

    Attributes:
        name: of the lock.
        work: that it is held for, in words; "" where a version of before took it.
        host: computer of the holder.
        pid: process of the holder there.
        since: when it was taken, ISO time by the holder's clock; None where it is not known.
        until: when it runs out unless it is renewed, ISO time likewise.
        is_stale: the holder has ended, or has not renewed it in time.
    """

    name: str
    work: str
    host: str
    pid: int
    since: str | None
    until: str | None
    is_stale: bool


def held_locks(files: Files, now: datetime | None = None) -> list[HeldLock]:
    """The locks of a store, by name; each costs a request, and there are as many as runs at work.

    Args:
        files: of the store.
        now: the time here; a holder whose clock is wrong by a minute looks stale, and loses nothing by it.
    """
    moment, newest = now or datetime.now(UTC), dict[str, FileInfo]()
    for info in sorted(files.list("locks"), key=lambda info: (len(info.path), info.path)):
        if is_lock(info.path):
            newest[info.path.split("/")[1]] = info  # the highest generation is the last
    found: Sequence[bytes | None] = list(read_present(files, [info.path for info in newest.values()]))
    pairs = zip(newest.items(), found, strict=True)
    held = [_held(name, info, data, moment) for (name, info), data in pairs if data is not None]
    return sorted((lock for lock in held if lock is not None), key=lambda lock: (lock.work, lock.name))


def _held(name: str, info: FileInfo, data: bytes, now: datetime) -> HeldLock | None:
    holder = holder_in(data.decode(errors="replace"))
    if holder is None:
        return None
    renewed = _time(holder.get("renewed_at"))
    if renewed is None and not math.isnan(info.modified):
        renewed = datetime.fromtimestamp(info.modified, UTC)
    until = None if renewed is None else renewed + timedelta(seconds=LEASE_SECONDS)
    since = _time(holder.get("since"))
    return HeldLock(
        name,
        str(holder.get("work") or ""),
        holder["host"],
        holder["pid"],
        None if since is None else since.isoformat(timespec="seconds"),
        None if until is None else until.isoformat(timespec="seconds"),
        is_dead(holder) or (until is not None and now > until),
    )


def _time(text: object) -> datetime | None:
    """A time with its zone; None for anything else."""
    with suppress(ValueError, TypeError, OverflowError):
        found = datetime.fromisoformat(str(text))
        return found if found.tzinfo is not None else None
    return None
