"""Layouts that a user describes: ``{machine_type}/{machine_id}/{date}_{time}_{}.wav``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from asd_core.clips.clip import UNDATED, UNPLACED, Placement
from asd_core.clips.conditions import WORDS_AND_NUMBERS, condition_of
from asd_core.clips.dates import parse_date, parse_time
from asd_core.errors import UsageError, did_you_mean

EXAMPLE = "{machine_type}/{machine_id}/{date}_{time}_{}.wav"

_FIELDS = {
    "machine_type": r"[^/]+?",
    "machine_id": r"[^/]+?",
    "split": "train|test",
    "domain": "source|target",
    "condition": WORDS_AND_NUMBERS,
    "attributes": r"[^/]*?",
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}",
    "time": r"[0-9]{2}[-:]?[0-9]{2}(?:[-:]?[0-9]{2})?",
}


def compile_pattern(pattern: str) -> Callable[[str], Placement]:
    """Turn a pattern into a function path → placement.

    ``{field}`` stands for a part of the path, ``{}`` for anything within one folder's or file's name, other text for
    itself. A pattern describes the end of a path: folders above it do not matter. Without ``{machine_id}`` every
    machine id is "00".

    Raises:
        UsageError: an unknown field, a field twice, a brace without its other one, or no machine type.
    """
    once = re.sub(r"(?:\{\}){2,}", "{}", pattern)  # one means the same, and does not try every way to split a name
    texts = re.split(r"\{([^{}]*)\}", once)
    fields = texts[1::2]
    for field in fields:
        if field and field not in _FIELDS:
            raise UsageError(f"--pattern {pattern!r} has an unknown field {field!r}" + did_you_mean(field, _FIELDS))
        if field and fields.count(field) > 1:
            raise UsageError(f"--pattern {pattern!r} has the field {field!r} twice: write {{}} for one of them")
    if any(brace in text for text in texts[::2] for brace in "{}"):
        raise UsageError(f"--pattern {pattern!r} has a brace without its other one; an example: {EXAMPLE}")
    if "machine_type" not in fields:
        raise UsageError(f"--pattern {pattern!r} lacks {{machine_type}}; an example: {EXAMPLE}")
    if "time" in fields and "date" not in fields:
        raise UsageError(f"--pattern {pattern!r} has {{time}} without {{date}}; an example: {EXAMPLE}")
    parts = [re.escape(text) if i % 2 == 0 else _group(text) for i, text in enumerate(texts)]
    regex = re.compile("(?:.*/)?" + "".join(parts), re.DOTALL)

    def place(path: str) -> Placement:
        found = regex.fullmatch(path)
        return Placement(UNPLACED, UNPLACED) if found is None else _placement(found.groupdict())

    return place


def _group(field: str) -> str:
    return f"(?P<{field}>{_FIELDS[field]})" if field else "[^/]*?"


def _placement(found: dict[str, Any]) -> Placement:
    date = parse_date(found["date"]) if "date" in found else UNDATED
    time = found.pop("time", None)
    recorded_at = parse_time(date, time) if date and time else None
    if date is None or (time and recorded_at is None):
        return Placement(found["machine_type"], UNPLACED)
    found["condition"] = condition_of(found.get("condition", ""))
    return Placement(**{"machine_id": "00", **found, "date": date, "recorded_at": recorded_at})
