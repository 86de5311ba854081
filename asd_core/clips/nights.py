"""Nights that cross midnight: which night a recording belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from asd_core.clips.clip import UNDATED, Placement
from asd_core.errors import UsageError

_TIME = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)", re.ASCII)


def checked_night_end(text: str) -> time:
    """The time of day of ``12:00`` (or ``6:30``, ``0630``), at which one night ends and the next begins.

    Raises:
        UsageError: the text is no time of day.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise UsageError(f"--night-ends {text!r} is no time of day: write it as 12:00")
    return time(int(found[1]), int(found[2]))


def night_of(date: str, local: datetime, ends: time) -> str:
    """The night of a recording: the day before, where it was recorded before the end of that night.

    A date that is not the day of the recording was named as a night by someone, and stays.

    Args:
        date: of the recording, as ``2026-11-19``.
        local: the time that the recorder wrote.
        ends: the time of day at which a night ends.

    Example:
        >>> night_of("2026-11-20", datetime(2026, 11, 20, 3, 15), time(12))
        '2026-11-19'
    """
    if local.date().isoformat() != date or local.time() >= ends:
        return date
    try:
        return (local.date() - timedelta(days=1)).isoformat()
    except OverflowError:
        return date


def in_nights(placements: Sequence[Placement], ends: time) -> tuple[list[Placement], int]:
    """The placements with their nights as dates, and the number of those that keep their date: no time is known."""
    placed, untimed = [], 0
    for placement in placements:
        moment = placement.recorded_at
        if moment is None:
            untimed += placement.date != UNDATED
            placed.append(placement)
        else:
            placed.append(placement._replace(date=night_of(placement.date, moment, ends)))
    return placed, untimed
