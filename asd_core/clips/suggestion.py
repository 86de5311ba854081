"""A pattern that may describe an archive whose names fit no layout, for an error message. The user decides."""

from __future__ import annotations

import re
from collections.abc import Sequence

from asd_core.clips.conditions import WORDS
from asd_core.clips.dates import day_of, parse_date
from asd_core.clips.pattern import compile_pattern
from asd_core.clips.stamps import clock_in

_SPLIT, _DOMAIN = ("train", "test"), ("source", "target")


def suggested_pattern(paths: Sequence[str]) -> tuple[str, int] | None:
    """A ``--pattern`` after the first of some paths, and how many of them it places; None where none comes to mind.

    Folders of dates, conditions, splits and domains are known by their names. Of the others the last two are taken for
    machine type and machine id, or a single one for the machine type. A folder such as ``fan-03`` is both where other
    recordings have another word before the number there.
    """
    *folders, name = paths[0].split("/")
    parts = _folder_fields(folders)
    machine = [place for place, part in enumerate(parts) if part == ""][-2:]
    if not machine:
        return None
    if sign := _sign_between(paths, machine[-1]):
        machine = machine[-1:]
        parts[machine[0]] = f"{{machine_type}}{sign}{{machine_id}}"
    else:
        for place, field in zip(machine, ("machine_type", "machine_id"), strict=False):
            parts[place] = f"{{{field}}}"
    if len(machine) == 2 and (numbered := re.fullmatch(r"([A-Za-z]+[_-])\d+", folders[machine[1]], re.ASCII)):
        parts[machine[1]] = f"{numbered[1]}{{machine_id}}"
    parts = parts[machine[0] :]
    is_clock = bool({"{day}", "{date}"} & set(parts)) and clock_in("2026-11-19", name)
    dot, ending = name.rpartition(".")[1:]
    whole = [*parts, ("{time}" if is_clock else "{}") + dot + ending]
    pattern = "/".join(part or "{}" for part in whole)
    fits = compile_pattern(pattern)
    return pattern, sum(not fits(path).is_unplaced for path in paths)


def _sign_between(paths: Sequence[str], place: int) -> str:
    """The sign between word and number of the folders at a place; "" where they do not name several machine types."""
    found = [re.fullmatch(r"([A-Za-z]+)([_-])\d+", folder, re.ASCII) for folder in _at(paths, place)]
    named = {(one[1], one[2]) for one in found if one}
    signs = {sign for _, sign in named}
    return signs.pop() if all(found) and len(named) > 1 and len(signs) == 1 else ""


def _at(paths: Sequence[str], place: int) -> set[str]:
    """The folders that stand at a place of paths."""
    return {folders[place] for path in paths if len(folders := path.split("/")[:-1]) > place}


def _folder_fields(folders: Sequence[str]) -> list[str]:
    """The field of each folder; "" where only its place may tell."""
    fields = [_field(folder) for folder in folders]
    for place in range(len(folders) - 2):
        if day_of(*folders[place : place + 3]):
            fields[place : place + 3] = "{year}", "{month}", "{day}"
    if "{year}" in fields:
        fields = ["{}" if field == "{date}" else field for field in fields]
    seen: set[str] = set()
    for place, field in enumerate(fields):
        fields[place] = "{}" if field in seen else field
        seen.update({field} - {""})
    return fields


def _field(folder: str) -> str:
    if parse_date(folder):
        return "{date}"
    if re.fullmatch(WORDS, folder):
        return "{condition}"
    if folder.lower() in _SPLIT:
        return "{split}"
    return "{domain}" if folder.lower() in _DOMAIN else ""
