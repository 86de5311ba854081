"""Clips with the same error or warning, by machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.readable import machine_name

Row = Mapping[str, Any]

_NAMES_PER_GROUP = 200  # what a page can hold of 100,000 clips that failed for one reason


@dataclass(frozen=True)
class Group:
    """Clips with one reason (of an error) or one text (of a warning), by machine, the most first.

    Attributes:
        title: the reason or text.
        count: of all clips.
        machines: machine, its count, and the uri and message of its clips, at most 200 of them.
    """

    title: str
    count: int
    machines: tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...]


def group_rows(rows: Sequence[Row], title: str, message: str) -> tuple[Group, ...]:
    """Group rows by the column ``title``, with the column ``message`` of each clip; "" leaves messages out."""
    by_title: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_title[row[title] or "no_score"].append(row)
    groups = [Group(text, len(found), _group_machines(found, message)) for text, found in by_title.items()]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.title)))


def _group_machines(rows: Sequence[Row], message: str) -> tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...]:
    counts = Counter(machine_name(row["machine_type"], row["machine_id"]) for row in rows)
    left = _NAMES_PER_GROUP
    clips: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["uri"]):
        if left == 0:
            break
        name = machine_name(row["machine_type"], row["machine_id"])
        clips[name].append((row["uri"], (row[message] or "") if message else ""))
        left -= 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, number, tuple(clips[name])) for name, number in ordered)
