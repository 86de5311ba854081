"""Dates and times that recorders write into names. No file's own time is used, and the clock only in `tomorrow`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}", re.ASCII)
_STAMP = re.compile(
    r"(?<!\d)(\d{4}-\d{2}-\d{2}|\d{8})T(\d{2})([-:]?)(\d{2})\3(\d{2})(?:\.\d+)?(?:Z|([+-])(\d{2}):?(\d{2}))?(?!\d)",
    re.ASCII,
)
_TIME = re.compile(r"(\d{2})([-:]?)(\d{2})(?:\2(\d{2}))?", re.ASCII)


@lru_cache(maxsize=65536)
def parse_date(text: str) -> str | None:
    """``2026-11-19`` of ``2026-11-19`` or ``20261119``; None where it is no date."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def parse_time(day: str, text: str) -> datetime | None:
    """The moment of a date and ``031500``, ``03-15-00``, ``03:15:00`` or the same without seconds, taken as UTC."""
    found = _TIME.fullmatch(text)
    return None if found is None else _moment(day, found[1], found[3], found[4] or "0")


def recorded_at_in(name: str) -> datetime | None:
    """The moment in a file's name, such as ``20261119T031500`` or ``2026-11-19T03-15-00``; UTC without an offset."""
    if "T" not in name:
        return None
    found = _STAMP.search(name)
    day = found and parse_date(found[1])
    if not found or not day:
        return None
    moment = _moment(day, found[2], found[4], found[5])
    if moment is None or found[6] is None:
        return moment
    offset = timedelta(hours=int(found[7]), minutes=int(found[8]))
    return moment - offset if found[6] == "+" else moment + offset


def parse_moment(text: str) -> datetime | None:
    """The moment of an ISO date and time, in UTC; None where the text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return recorded_at_in(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def tomorrow() -> str:
    """The latest possible date of a recording: east of this machine it may be tomorrow already."""
    # The wall clock never dates a clip. It only finds dates that nobody can have recorded yet: a single wrong one would
    # be the latest night for years.
    return (date.today() + timedelta(days=1)).isoformat()


def _moment(day: str, hour: str, minute: str, second: str) -> datetime | None:
    year, month, day_of_month = map(int, day.split("-"))
    try:
        return datetime(year, month, day_of_month, int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
