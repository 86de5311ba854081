"""Dates and times as fields: of a folder ``date=…``, a pattern, a manifest or an option.

`asd_core.clips.stamps` finds them within names. No file's own time is used, and the clock only in `tomorrow`.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

_DATE = re.compile(
    r"(\d{4})(?:([-/._])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))(?:[T _](?:\d{1,2}:|\d{2})\d{2}.*)?", re.ASCII
)
_TIME = re.compile(r"(\d{2})([-:_.]?)(\d{2})(?:\2(\d{2}))?", re.ASCII)


@lru_cache(maxsize=65536)
def parse_date(text: str) -> str | None:
    """The date of a field in the form ``2026-11-19``; None where it is no date.

    The year comes first: ``2026-11-19``, ``20261119``, ``2026/11/19``, ``2026-1-9``; a time may follow, as in
    ``2026-11-19 03:15:00``.
    """
    found = _DATE.fullmatch(text)
    return day_of(found[1], found[3] or found[5], found[4] or found[6]) if found else None


def day_of(year: str, month: str, day: str) -> str | None:
    """The date of digits in the form ``2026-11-19``; None where there is no such day, or the year has not four."""
    digits = year + month + day
    if not (digits.isascii() and digits.isdigit() and len(year) == 4):
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def parse_time(day: str, text: str) -> datetime | None:
    """The moment of a date and ``031500``, ``03-15-00``, ``03:15:00`` or the same without seconds, taken as UTC."""
    found = _TIME.fullmatch(text)
    return None if found is None else moment_of(day, found[1], found[3], found[4] or "0")


def moment_of(
    day: str, hour: str, minute: str = "0", second: str = "0", minutes_east: int | None = None
) -> datetime | None:
    """The moment of a date and digits; None where there is no such time.

    Args:
        day: as ``2026-11-19``.
        hour: 0 to 23.
        minute: 0 to 59.
        second: 0 to 59.
        minutes_east: of UTC, of the clock that wrote them; None takes them as UTC.
    """
    digits = hour + minute + second
    if not (digits.isascii() and digits.isdigit()):
        return None
    zone = UTC if minutes_east is None else timezone(timedelta(minutes=minutes_east))
    year, month, day_of_month = map(int, day.split("-"))
    try:
        moment = datetime(year, month, day_of_month, int(hour), int(minute), int(second), tzinfo=zone)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment


def tomorrow() -> str:
    """The latest possible date of a recording: east of this machine it may be tomorrow already."""
    # The wall clock never dates a clip. It only finds dates that nobody can have recorded yet: a single wrong one would
    # be the latest night for years.
    return (date.today() + timedelta(days=1)).isoformat()
