"""A store's status in lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from asd_core.readable import machine_name, readable
from jobs.durations import at_minute, in_words

if TYPE_CHECKING:
    from asd_core.runs.night_status import NightStatus
    from asd_core.runs.silent_machines import SilentMachine
    from asd_core.runs.status import KeyStatus, ScorerStatus, StoreStatus
    from asd_core.runs.unfinished import Unfinished
    from asd_core.store.held_locks import HeldLock

_HEAD = ("night", "committed (UTC)", "took", "listed", "scored", "errors", "flagged", "alarms", "captions", "page")
_NUMBERS = ("listed", "scored", "errors", "flagged")
_NAMED = 10  # silent machines that are named


def status_text(status: StoreStatus) -> str:
    """All of a status."""
    lines: list[str] = []
    for key in status.keys:
        lines += [*_key_lines(key), ""]
    if not status.keys:
        lines += ["no night is scored", ""]
    lines += _lock_lines(status.locks)
    is_at_work = any(not lock.is_stale for lock in status.locks)
    lines += _unfinished_lines(status.unfinished, is_at_work)
    if status.parts.files:
        oldest = f", the oldest of {at_minute(status.parts.oldest)} UTC" if status.parts.oldest else ""
        lines.append(f"parts of files: {status.parts.files}, {size_text(status.parts.bytes)}{oldest}")
    return "\n".join(lines).rstrip("\n")


def _key_lines(key: KeyStatus) -> list[str]:
    lines = [readable(key.newest.key), *columns([_HEAD, *map(_cells, key.nights)], _NUMBERS)]
    for night in key.nights:
        if night.errors_by_reason:
            told = ", ".join(f"{count} {readable(reason)}" for reason, count in night.errors_by_reason.items())
            lines.append(f"  errors of {readable(night.date)}: {told}")
    return [*lines, *_silent_lines(key.silent), _scorer_line(key.scorers)]


def _cells(night: NightStatus) -> tuple[str, ...]:
    return (
        readable(night.date),
        at_minute(night.committed_at),
        "" if night.seconds is None else in_words(timedelta(seconds=night.seconds)),
        *(str(getattr(night, name)) for name in _NUMBERS),
        _alarms(night),
        ""
        if night.captions_waiting is None
        else f"{night.captions_waiting} waiting"
        if night.captions_waiting
        else "all",
        "yes" if night.has_report else "no",
    )


def _alarms(night: NightStatus) -> str:
    if night.alarms is None:
        return "not found"
    words = ("new", "continuing", "cleared", "acknowledged")
    told = [f"{count} {word}" for word in words if (count := getattr(night.alarms, word))]
    return ", ".join(told) or "none"


def columns(rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()) -> list[str]:
    """Lines of a table, whose first row is its head.

    Args:
        rows: of cells.
        numbers: heads of the columns that stand to the right.
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if head in numbers else cell.ljust(width)
            for head, cell, width in zip(rows[0], row, widths, strict=True)
        ]
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return lines


def _silent_lines(silent: Sequence[SilentMachine]) -> list[str]:
    if not silent:
        return []
    lines = [f"  silent in the newest night: {len(silent)}"]
    for one in sorted(silent, key=lambda machine: machine.last_heard, reverse=True)[:_NAMED]:
        when = f"last heard {readable(one.last_heard)}" if one.last_heard else "in no scored night of the last 120"
        lines.append(f"    {machine_name(one.machine_type, one.machine_id)}: {when}")
    more = len(silent) - _NAMED
    return [*lines, *([f"    and {more} more"] if more > 0 else [])]


def _scorer_line(scorers: ScorerStatus) -> str:
    if not scorers.machines:
        return "  scorers: none"
    versions = ", ".join(f"{count} of version {number}" for number, count in scorers.versions.items())
    types = f", {scorers.types} of machine types" if scorers.types else ""
    fitted = f", fitted {at_minute(scorers.fitted_at)} UTC" if scorers.fitted_at else ""
    return f"  scorers: {scorers.machines} machines ({versions}){types}{fitted}"


def _lock_lines(locks: Sequence[HeldLock]) -> list[str]:
    lines = []
    for lock in locks:
        work = readable(lock.work) or f"lock {readable(lock.name)}"
        since = f" since {at_minute(lock.since)} UTC" if lock.since else ""
        state = "stale: its holder is dead, and the next run passes it over" if lock.is_stale else "at work"
        until = f", until {at_minute(lock.until)} UTC unless renewed" if lock.until and not lock.is_stale else ""
        lines.append(f"{state}: {work}, by process {lock.pid} on {readable(lock.host)}{since}{until}")
    return lines


def _unfinished_lines(found: Unfinished, is_at_work: bool) -> list[str]:
    why = "a run is at work" if is_at_work else "its run was stopped: run the same command again"
    lines = [
        f"not finished: {readable(one.date)} of {readable(one.key)}, {_counted(one.parts, 'part')} of scores; {why}"
        for one in found.nights
    ]
    lines += [
        f"not finished: embeddings {name}, {_counted(count, 'run')}; {why}" for name, count in found.embedding.items()
    ]
    if found.requests:
        lines.append(
            f"{found.requests} requests to a language model are not published, {found.answers} of them answered"
        )
    if found.messages:
        lines.append(f"messages that wait for a receiver: {found.messages}")
    return lines


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"


def size_text(size: int) -> str:
    """Bytes in a unit that people read."""
    number, units = float(size), ("B", "kB", "MB", "GB", "TB")
    for unit in units:
        if number < 1000 or unit == units[-1]:
            break
        number /= 1000
    return f"{size} B" if unit == "B" else f"{number:.1f} {unit}"
