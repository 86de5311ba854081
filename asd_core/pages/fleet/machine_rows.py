"""Machines over nights as rows of letters: those that matter one by one, the others together by their type."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from asd_core.alarms.sentences import ordinal
from asd_core.digest import name_hash
from asd_core.pages.fleet.contents import LETTERS, MEANINGS, NO_EVIDENCE, Cell, FleetHistory
from asd_core.readable import machine_name, readable

MOST_ROWS = 300
"""Machines with a row of their own; a night's page has as many sections."""

_MOST_TYPES = 40
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_CLASSES = ("none", "error", "open", "well", "over", "watch", "quiet", "act", "new")


@dataclass(frozen=True)
class MachineRow:
    """A machine over the nights.

    Attributes:
        name: of the machine.
        anchor: of its section in the page of a night.
        cell: of the newest night.
        status: of the newest night, in words.
        remark: on nights before and on drift; "" without one.
        letters: a letter for each night, in runs with their colours.
        evidence: two digits for each night, of base 36: -100 log10 p; ``..`` without p.
        machine: its type and id.
    """

    name: str
    anchor: str
    cell: str
    status: str
    remark: str
    letters: Markup
    evidence: str
    machine: tuple[str, str]


@dataclass(frozen=True)
class TypeRow:
    """The machines of a type without rows of their own.

    Attributes:
        name: of the type.
        machines: how many there are.
        letters: a sign for each night: per cent of the heard machines that are in alarm or watched.
        counts: JSON list of numbers of machines for each night: in alarm, watched, within chance, not decided, errors.
    """

    name: str
    machines: int
    letters: Markup
    counts: str


def machine_rows(fleet: FleetHistory, most: int = MOST_ROWS) -> tuple[list[MachineRow], list[TypeRow]]:
    """The rows of a page. Machines whose last alarm is newest come first, then those with more nights in alarm.

    Args:
        fleet: the nights.
        most: machines with a row of their own.
    """
    order = _order(fleet)
    return [_row(fleet, place) for place in order[:most]], _types(fleet, order[most:])


def runs(letters: str, classes: Sequence[str]) -> Markup:
    """Letters in which each run of one class is an element of that class.

    Example:
        >>> runs("AA·", ["act", "act", "well"])
        Markup('<b class="act">AA</b><b class="well">·</b>')
    """
    pairs = groupby(zip(letters, classes, strict=True), key=lambda pair: pair[1])
    return Markup("").join(
        Markup('<b class="{}">{}</b>').format(name, "".join(letter for letter, _ in group)) for name, group in pairs
    )


def strip(cells: Sequence[int]) -> Markup:
    """A letter for each night of a machine, in runs with their colours.

    Example:
        >>> strip([Cell.WITHIN_CHANCE, Cell.NEW])
        Markup('<b class="well">·</b><b class="new">N</b>')
    """
    return runs("".join(LETTERS[cell] for cell in cells), [_CLASSES[cell] for cell in cells])


def calendar(dates: Sequence[str]) -> tuple[str, str, str]:
    """Three lines above the letters: months where they begin, and the two digits of each day.

    Example:
        >>> calendar(["2026-10-30", "2026-10-31", "2026-11-01"])
        ('Oct', '330', '011')
    """
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    days = [found.groups() if (found := re.fullmatch(r"\d+-(\d\d)-(\d\d)", date)) else ("", "  ") for date in dates]
    months, free = [" "] * len(dates), 0
    for place, (month, _) in enumerate(days):
        is_first = not place or days[place - 1][0] != month
        if is_first and free <= place <= len(dates) - 3 and month and 1 <= int(month) <= 12:
            months[place : place + 3], free = names[int(month) - 1], place + 4
    tens, units = ("".join(day[digit] for _, day in days) for digit in (0, 1))
    return "".join(months), tens, units


def _order(fleet: FleetHistory) -> NDArray[np.int64]:
    """Positions of the machines, those that ask for most first."""
    names = [machine_name(*machine) for machine in fleet.machines]
    alphabetical = np.empty(len(names), np.int64)
    alphabetical[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    alarms = fleet.cells >= Cell.CONTINUING
    watched = (fleet.cells == Cell.WATCH) | (fleet.cells == Cell.ACKNOWLEDGED)
    keys = [part for cells in (alarms, watched) for part in (-_last(cells), -cells.sum(axis=1))]
    return np.asarray(np.lexsort((alphabetical, *reversed(keys))))


def _last(cells: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The last night that is true of each machine, from 1; 0 where none is."""
    nights = cells.shape[1]
    return np.where(cells.any(axis=1), nights - np.argmax(cells[:, ::-1], axis=1), 0) if nights else cells.sum(axis=1)


def _row(fleet: FleetHistory, place: int) -> MachineRow:
    cells = fleet.cells[place].tolist()
    tonight = Cell(cells[-1])
    status = MEANINGS[tonight]
    if tonight == Cell.CONTINUING:
        status = f"in alarm, {ordinal(int(fleet.nights_in_alarm[place]))} night in a row"
    return MachineRow(
        name=machine_name(*fleet.machines[place]),
        anchor="machine-" + name_hash(*fleet.machines[place]),
        cell=_CLASSES[tonight],
        status=status,
        remark=_remark(fleet, place),
        letters=strip(cells),
        evidence="".join(map(_two_digits, fleet.evidence[place].tolist())),
        machine=fleet.machines[place],
    )


def _remark(fleet: FleetHistory, place: int) -> str:
    alarms = np.flatnonzero(fleet.cells[place] >= Cell.CONTINUING)
    said = []
    if len(alarms) and alarms[-1] < len(fleet.nights) - 1:
        said.append(f"last alarm on {fleet.nights[alarms[-1]].date}")
    if not np.isnan(fleet.drifted_by[place]):
        said.append(f"drifted by {fleet.drifted_by[place]:+.1f} deviations".replace("-", "−"))
    return "; ".join(said)


def _two_digits(code: int) -> str:
    return ".." if code == NO_EVIDENCE else _DIGITS[code // 36] + _DIGITS[code % 36]


def _types(fleet: FleetHistory, places: NDArray[np.int64]) -> list[TypeRow]:
    """The other machines, by type; types beyond the most frequent are one row."""
    groups: dict[str, list[int]] = {}
    for place in places.tolist():
        groups.setdefault(fleet.machines[place][0], []).append(place)
    largest = sorted(groups, key=lambda kind: (-len(groups[kind]), kind))
    rows = [_type_row(readable(kind) or "(no type)", fleet.cells[groups[kind]]) for kind in largest[:_MOST_TYPES]]
    if others := [place for kind in largest[_MOST_TYPES:] for place in groups[kind]]:
        rows.append(_type_row("other types", fleet.cells[others]))
    return rows


def _type_row(name: str, cells: NDArray[np.uint8]) -> TypeRow:
    in_alarm = (cells >= Cell.CONTINUING).sum(axis=0)
    within = ((cells == Cell.WITHIN_CHANCE) | (cells == Cell.OVER)).sum(axis=0)
    watched = ((cells == Cell.WATCH) | (cells == Cell.ACKNOWLEDGED)).sum(axis=0)
    others = [(cells == cell).sum(axis=0) for cell in (Cell.NOT_DECIDED, Cell.ERROR)]
    counts = np.stack([in_alarm, watched, within, *others], axis=1)
    signs, classes = zip(*map(_sign, counts.tolist()), strict=True) if len(counts) else ((), ())
    return TypeRow(name, len(cells), runs("".join(signs), classes), json.dumps(counts.tolist(), separators=(",", ":")))


def _sign(counts: Sequence[int]) -> tuple[str, str]:
    """Per cent of the heard machines that are in alarm or watched as a digit, ``+`` for 10 and more; and a class."""
    heard, unusual = sum(counts), counts[0] + counts[1]
    if not heard:
        return LETTERS[Cell.NOT_HEARD], "none"
    if not unusual:
        return LETTERS[Cell.WITHIN_CHANCE], "well"
    percent = -(-100 * unusual // heard)
    return (str(percent), "watch") if percent < 10 else ("+", "act")
