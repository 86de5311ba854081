"""Nights that cross midnight: which night a recording belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

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


def in_nights(placements: Sequence[Placement], ends: time) -> list[Placement]:
    """The placements with their nights as dates; one whose time is not known keeps its date."""
    return [
        one._replace(date=night_of(one.date, one.recorded_at, ends)) if one.recorded_at is not None else one
        for one in placements
    ]


def notes_on_untimed(clips: pa.Table, ends: time | None) -> list[str]:
    """A line on clips with a date and without a time, where nights end at a time of day."""
    if ends is None:
        return []
    untimed = clips.filter(pc.and_(pc.is_null(clips["recorded_at"]), pc.not_equal(clips["date"], UNDATED)))
    if not len(untimed):
        return []
    return [
        f"{len(untimed)} of {len(clips)} recordings tell no time, such as {untimed['uri'][0].as_py()}: they keep their "
        f"date, though the night ends at {ends:%H:%M}"
    ]
