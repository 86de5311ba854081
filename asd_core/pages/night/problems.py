"""Errors and warnings of a night: the clips that share one, by machine."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from asd_core.pages.night.contents import Row
from asd_core.readable import machine_name

MachineClips = tuple[str, int, tuple[tuple[str, str], ...]]
"""A machine, the number of its clips, and the uri and message of the clips that are named."""

_NAMED = 200  # clips of one problem: a page could not hold the names of 100,000


@dataclass(frozen=True)
class Problem:
    """One reason of errors, or one text of warnings.

    Attributes:
        title: the reason or text.
        count: number of clips that have it.
        machines: the machines that have it, the one with the most clips first; at most 200 clips are named.
    """

    title: str
    count: int
    machines: tuple[MachineClips, ...]


def group_problems(rows: Sequence[Row], title: str, message: str) -> tuple[Problem, ...]:
    """Group rows by the column ``title``, the most frequent first.

    Args:
        rows: clips with a problem.
        title: the column of the reason or text.
        message: the column of what is said of each clip; "" leaves messages out.
    """
    by_title: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_title[row[title] or "no_score"].append(row)
    problems = [Problem(text, len(found), _by_machine(found, message)) for text, found in by_title.items()]
    return tuple(sorted(problems, key=lambda problem: (-problem.count, problem.title)))


def _by_machine(rows: Sequence[Row], message: str) -> tuple[MachineClips, ...]:
    counts = Counter(machine_name(row["machine_type"], row["machine_id"]) for row in rows)
    clips: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["uri"])[:_NAMED]:
        name = machine_name(row["machine_type"], row["machine_id"])
        clips[name].append((row["uri"], (row[message] or "") if message else ""))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, number, tuple(clips[name])) for name, number in ordered)
