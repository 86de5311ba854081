"""The folders of a fleet: ``machine_type=fan/machine_id=07/date=2026-11-19/anything.wav``.

Folders may come in any order, with others between them; values are percent-decoded. ``split``, ``domain``,
``condition`` and ``attributes`` keep their meaning. The date stands in ``date`` (or ``dt``, ``ds``, ``day``,
``night``), in ``year``, ``month`` and ``day``, in folders such as ``2026/11/19``, or else in the file's name; the time
in ``hour``, ``minute`` and ``second`` or in the name: see `asd_core.clips.stamps`. Any other key goes to ``extra``.
"""

from __future__ import annotations

import json
import urllib.parse
from datetime import datetime
from functools import lru_cache

from asd_core.clips.clip import DOMAINS, SPLITS, UNDATED, UNPLACED, Placement
from asd_core.clips.conditions import condition_of
from asd_core.clips.dates import day_of, moment_of, parse_date
from asd_core.clips.stamps import clock_in, date_in_folders, folders_of_dates, stamp_in

EXAMPLE = "machine_type=fan/machine_id=07/date=2026-11-19/20261119T031500.wav"

DATE_KEYS = ("date", "dt", "ds", "night", "day")
"""Keys of a whole date; ``day`` is one too where it is no number of a day."""

_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"  # of Hive and Spark, for a row without the column


def place(path: str, above: str = "") -> Placement:
    """The placement of a path; unplaced without a machine type, or with a value that its key does not allow.

    Args:
        path: of the recording in the archive.
        above: the archive's own path. Its keys count, and so do folders of a date at its end.
    """
    folder, _, name = path.rpartition("/")
    placement = _folder(folder, above)
    if placement.date == UNDATED:
        stamp = stamp_in(name)
        return placement._replace(date=stamp.date, recorded_at=stamp.moment) if stamp else placement
    stamp = stamp_in(name)
    moment = stamp.moment if stamp and stamp.moment else clock_in(placement.date, name)
    return placement._replace(recorded_at=moment) if moment else placement


@lru_cache(maxsize=65536)
def _folder(folder: str, above: str) -> Placement:
    values: dict[str, str] = {}
    for part in f"{above}/{folder}".split("/"):
        key, equals, value = part.partition("=")
        if key and equals:
            values[key] = urllib.parse.unquote(value)
    machine_type = values.pop("machine_type", UNPLACED) or UNPLACED
    machine_id = values.pop("machine_id", "00") or UNPLACED
    split, domain = values.pop("split", "").lower(), values.pop("domain", "").lower()
    condition = condition_of(values.pop("condition", ""))
    date = _taken_date(values)
    if date == UNDATED:
        date = date_in_folders(f"{folders_of_dates(above)}/{folder}") or UNDATED
    moment = _taken_time(date, values) if date and date != UNDATED else None
    attributes = values.pop("attributes", "")
    extra = json.dumps(values, ensure_ascii=False) if values else "{}"
    if split not in SPLITS or domain not in DOMAINS or condition is None or date is None or machine_type == UNPLACED:
        return Placement(machine_type, UNPLACED, date=date or UNDATED, attributes=attributes, extra=extra)
    return Placement(machine_type, machine_id, split, domain, attributes, condition, date, moment, extra)


def _taken_date(values: dict[str, str]) -> str | None:
    """The date of keys, which are taken out; "undated" without one, None where ``date`` or the numbers are no date."""
    given = values.pop("date", UNDATED)
    if given not in (UNDATED, _NO_VALUE):
        return parse_date(given)
    if {"year", "month", "day"} <= values.keys():
        year, month, day = (values.pop(key) for key in ("year", "month", "day"))
        return None if _NO_VALUE in (year, month, day) else day_of(year, month, day)
    for key in DATE_KEYS:
        if (date := parse_date(values.get(key, ""))) is not None:
            del values[key]
            return date
    return UNDATED


def _taken_time(date: str, values: dict[str, str]) -> datetime | None:
    """The moment of keys from ``hour`` on, which are taken out; None where they tell no time."""
    if "hour" not in values:
        return None
    hour, minute, second = (values.get(key, "0") for key in ("hour", "minute", "second"))
    moment = moment_of(date, hour, minute, second)
    if moment is not None:
        for key in ("hour", "minute", "second"):
            values.pop(key, None)
    return moment
