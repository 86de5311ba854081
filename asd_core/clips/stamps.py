"""Dates and times that recorders write into the names of files and folders.

    with a time    20261119T031500   20261119_031500   S4A01234_20261119_031500   20261119031500
                   2026-11-19T03-15-00   2026-11-19 03-15-00   2026-11-19_03.15.00   20261119_031500+0100
    date alone     2026-11-19   2026-1-9   2026_11_19   20261119
    folders        2026/11/19   2026-11-19   20261119

The year comes first and is of 1900 to 2099. A stamp that names its time zone keeps its own local date. Digits in a
longer row of digits are no stamp, nor is a date of digits alone that a letter touches (a serial number), nor one of
several different dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from asd_core.clips.dates import day_of, moment_of, parse_time

_YEAR = r"(?:19|20)\d\d"
_WITH_SIGNS = rf"(?P<y1>{_YEAR})(?:-(?P<m1>\d\d?)-(?P<d1>\d\d?)|(?P<dot>[._])(?P<m2>\d\d)(?P=dot)(?P<d2>\d\d))"
_DIGITS = rf"(?P<y3>{_YEAR})(?P<m3>\d\d)(?P<d3>\d\d)"
_CLOCK_WITH_SIGNS = r"(?P<h1>\d\d)(?P<sep>[-:._])(?P<n1>\d\d)(?P=sep)(?P<s1>\d\d)"
_TIME = rf"{_CLOCK_WITH_SIGNS}|(?P<h2>\d\d)(?P<n2>\d\d)(?P<s2>\d\d)(?:\d{{3}})?"
_WITHOUT_SECONDS = r"[Tt](?P<h3>\d\d)[-:]?(?P<n3>\d\d)|[ _](?P<h4>\d\d):(?P<n4>\d\d)"
_ZONE = r"[Zz]|(?P<sign>[+-])(?P<zh>[01]\d)[:_-]?(?P<zm>00|15|30|45)"
_STAMP = re.compile(
    rf"(?<!\d)(?:{_WITH_SIGNS}|{_DIGITS})(?:(?:[Tt]| at |[ _-]{{1,2}}|(?<=\d{{8}}))(?:{_TIME})|{_WITHOUT_SECONDS})"
    rf"(?:[.,]\d+)?(?:{_ZONE})?(?!\d)",
    re.ASCII,
)
_DATE_WITH_SIGNS = re.compile(rf"(?<!\d){_WITH_SIGNS}(?!\d)", re.ASCII)
_DATE_OF_DIGITS = re.compile(rf"(?<![0-9A-Za-z]){_DIGITS}(?![0-9A-Za-z])", re.ASCII)
_MAYBE = re.compile(r"(?:19|20)\d\d", re.ASCII)
_FOLDERS = re.compile(rf"(?:^|/)({_YEAR})(?:/(\d\d?)/(\d\d?)|([-_.]?)(\d\d)\4(\d\d))(?=/|$)", re.ASCII)
_AT_THE_END = re.compile(r"(?:(?:^|/)\d[\d_.-]*)+$", re.ASCII)
_CLOCK = re.compile(r"\d{6}|\d\d([-:._])\d\d\1\d\d", re.ASCII)


class Stamp(NamedTuple):
    """A date as it is written, and the moment with the time zone as written (UTC without one) where a time stands."""

    date: str
    moment: datetime | None = None


def stamp_in(name: str) -> Stamp | None:
    """The date, and the time where there is one, in a file's name; None where there is none, or none for sure."""
    if not _MAYBE.search(name):
        return None
    name = unquote(name) if "%" in name else name
    for found in _STAMP.finditer(name):
        stamp = _with_time(found)
        if stamp is not None:
            return stamp
    dates = {day for day in _dates_alone(name) if day is not None}
    return Stamp(dates.pop()) if len(dates) == 1 else None


def recorded_at_in(name: str) -> datetime | None:
    """The moment in a file's name, such as ``20261119T031500`` or ``2026-11-19_03-15-00``; UTC without a zone."""
    stamp = stamp_in(name)
    return stamp.moment if stamp else None


def parse_moment(text: str) -> datetime | None:
    """The moment of a text such as ``2026-11-19T03:15:00+01:00``, with its zone (UTC without one); None for others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return recorded_at_in(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


@lru_cache(maxsize=65536)
def date_in_folders(folder: str) -> str | None:
    """The date of folders such as ``2026/11/19`` or ``2026-11-19`` in a path; the last where there are several."""
    dates = [day_of(f[1], f[2] or f[5], f[3] or f[6]) for f in _FOLDERS.finditer(folder)]
    known = [day for day in dates if day is not None]
    return known[-1] if known else None


def folders_of_dates(above: str) -> str:
    """The end of an archive's own path that is folders of digits alone: the archive may be one night's folder."""
    found = _AT_THE_END.search(above)
    return found[0].lstrip("/") if found else ""


def clock_in(day: str, name: str) -> datetime | None:
    """The moment that a name tells which is a time and nothing else, ``031500.wav`` in a folder of a day, as UTC."""
    stem = name.partition(".")[0] if name[:6].isdigit() else name.rpartition(".")[0]
    return parse_time(day, stem) if _CLOCK.fullmatch(stem) else None


def _with_time(found: re.Match[str]) -> Stamp | None:
    day = _day(found)
    if day is None:
        return None
    hour = found["h1"] or found["h2"] or found["h3"] or found["h4"]
    minute = found["n1"] or found["n2"] or found["n3"] or found["n4"]
    east = int(found["zh"]) * 60 + int(found["zm"]) if found["sign"] else None
    east = -east if east is not None and found["sign"] == "-" else east
    moment = moment_of(day, hour, minute, found["s1"] or found["s2"] or "0", east)
    return Stamp(day, moment) if moment else None


def _dates_alone(name: str) -> Iterator[str | None]:
    for found in _DATE_WITH_SIGNS.finditer(name):
        yield _with_signs(found)
    for found in _DATE_OF_DIGITS.finditer(name):
        yield day_of(found["y3"], found["m3"], found["d3"])


def _day(found: re.Match[str]) -> str | None:
    return day_of(found["y3"], found["m3"], found["d3"]) if found["y3"] else _with_signs(found)


def _with_signs(found: re.Match[str]) -> str | None:
    return day_of(found["y1"], found["m1"] or found["m2"], found["d1"] or found["d2"])
