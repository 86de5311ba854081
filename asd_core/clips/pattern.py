"""Layouts that a user describes: ``{machine_type}/{machine_id}/{date}_{time}_{}.wav``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from asd_core.clips.clip import UNDATED, UNPLACED, Placement
from asd_core.clips.conditions import WORDS_AND_NUMBERS, condition_of
from asd_core.clips.dates import day_of, moment_of, parse_date, parse_time
from asd_core.clips.stamps import clock_in, date_in_folders, stamp_in
from asd_core.errors import UsageError, did_you_mean

EXAMPLE = "{machine_type}/{machine_id}/{date}_{time}_{}.wav"

# A number between signs may have one digit; next to other digits it has two.
_NUMBER = r"(?:[0-9]{2}|(?<![0-9])[0-9](?![0-9]))"
_FIELDS = {
    "machine_type": r"[^/]+?",
    "machine_id": r"[^/]+?",
    "split": "(?i:train|test)",
    "domain": "(?i:source|target)",
    "condition": WORDS_AND_NUMBERS,
    "attributes": r"[^/]*?",
    "date": r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{4}_[0-9]{2}_[0-9]{2}|[0-9]{4}\.[0-9]{2}\.[0-9]{2}|[0-9]{8}",
    "time": "|".join(rf"[0-9]{{2}}{sign}[0-9]{{2}}(?:{sign}[0-9]{{2}})?" for sign in ("", "-", ":", "_", r"\.")),
    "year": "[0-9]{4}",
    **dict.fromkeys(("month", "day", "hour", "minute", "second"), _NUMBER),
}
_NEEDS = {
    "time": "date",
    "month": "year",
    "day": "month",
    "year": "day",
    "minute": "hour",
    "second": "minute",
}


_ENDING = re.compile(r"\\\.\w+$")  # of an escaped file name


def compile_pattern(pattern: str) -> Callable[[str], Placement]:
    """Turn a pattern into a function path → placement.

    ``{field}`` stands for a part of the path, ``{}`` for anything within one folder's or file's name, other text for
    itself, and a file's ending in any case. A pattern describes the end of a path: folders above it do not matter.
    Without ``{machine_id}`` every machine id is "00". Without any field of a date, the date is read as
    `asd_core.clips.stamps` tells.

    Raises:
        UsageError: an unknown field, a field twice, a brace without its other one, no machine type, or half a date.
    """
    once = re.sub(r"(?:\{\}){2,}", "{}", pattern)  # one means the same, and does not try every way to split a name
    texts = re.split(r"\{([^{}]*)\}", once)
    fields = texts[1::2]
    _check(pattern, fields, texts[::2])
    parts = [re.escape(text) if i % 2 == 0 else _group(text) for i, text in enumerate(texts)]
    parts[-1] = _ENDING.sub(r"(?i:\g<0>)", parts[-1])
    regex = re.compile("(?:.*/)?" + "".join(parts), re.DOTALL)
    tells_date = bool({"date", "year"} & set(fields))

    def place(path: str) -> Placement:
        found = regex.fullmatch(path)
        if found is None:
            return Placement(UNPLACED, UNPLACED)
        placement = _placement({name: text for name, text in found.groupdict().items() if text is not None})
        return placement if tells_date or placement.is_unplaced else _dated(placement, path)

    return place


def _check(pattern: str, fields: list[str], texts: list[str]) -> None:
    for field in fields:
        if field and field not in _FIELDS:
            raise UsageError(f"--pattern {pattern!r} has an unknown field {field!r}" + did_you_mean(field, _FIELDS))
        if field and fields.count(field) > 1:
            raise UsageError(f"--pattern {pattern!r} has the field {field!r} twice: write {{}} for one of them")
    if any(brace in text for text in texts for brace in "{}"):
        raise UsageError(f"--pattern {pattern!r} has a brace without its other one; an example: {EXAMPLE}")
    if "machine_type" not in fields:
        raise UsageError(f"--pattern {pattern!r} lacks {{machine_type}}; an example: {EXAMPLE}")
    if "date" in fields and "year" in fields:
        raise UsageError(f"--pattern {pattern!r} has {{date}} and {{year}}: write {{}} for one of them")
    if "time" in fields and "hour" in fields:
        raise UsageError(f"--pattern {pattern!r} has {{time}} and {{hour}}: write {{}} for one of them")
    for field, other in _NEEDS.items():
        if field in fields and other not in fields and not (field == "time" and "year" in fields):
            raise UsageError(f"--pattern {pattern!r} has {{{field}}} without {{{other}}}; an example: {EXAMPLE}")
    if "hour" in fields and not {"date", "year"} & set(fields):
        raise UsageError(f"--pattern {pattern!r} has {{hour}} without {{date}}; an example: {EXAMPLE}")


def _group(field: str) -> str:
    return f"(?P<{field}>{_FIELDS[field]})" if field else "[^/]*?"


def _placement(found: dict[str, str]) -> Placement:
    date = _date(found)
    told = "time" in found or "hour" in found
    moment = _moment(date, found) if date and told else None
    if date is None or (told and moment is None):
        return Placement(found["machine_type"], UNPLACED)
    return Placement(
        found["machine_type"],
        found.get("machine_id", "00"),
        found.get("split", "").lower(),
        found.get("domain", "").lower(),
        found.get("attributes", ""),
        condition_of(found.get("condition", "")) or "",
        date,
        moment,
    )


def _date(found: dict[str, str]) -> str | None:
    if "year" in found:
        return day_of(found["year"], found["month"], found["day"])
    return parse_date(found["date"]) if "date" in found else UNDATED


def _moment(date: str, found: dict[str, str]) -> datetime | None:
    if "time" in found:
        return parse_time(date, found["time"])
    return moment_of(date, found["hour"], found.get("minute", "0"), found.get("second", "0"))


def _dated(placement: Placement, path: str) -> Placement:
    folder, _, name = path.rpartition("/")
    stamp, day = stamp_in(name), date_in_folders(folder)
    if day is not None:
        return placement._replace(date=day, recorded_at=stamp.moment if stamp else clock_in(day, name))
    return placement._replace(date=stamp.date, recorded_at=stamp.moment) if stamp else placement
