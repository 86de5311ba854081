"""Machines that were heard before and not in the newest night."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from asd_core.clips.clip import UNDATED
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.store.layout import words_of
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

MOST_NIGHTS = 120
"""Nights before the newest in which a silent machine is looked for."""

_NAMES = ("machine_type", "machine_id")
_AT_ONCE = 30  # nights whose names of machines are read together


@dataclass(frozen=True, order=True)
class SilentMachine:
    """A machine without a recording in the newest night.

    Attributes:
        machine_type: of the machine.
        machine_id: of the machine.
        last_heard: date of the last night with a recording of it; "" where it is in none that was looked at.
    """

    machine_type: str
    machine_id: str
    last_heard: str


def silent_machines(store: Store, key: str, nights: int) -> list[SilentMachine]:
    """Machines of a KEY that have a scorer, or were heard in the last nights, and are not in the newest.

    The names of machines are read from the evidence of nights, newest first, until each is found.

    Args:
        store: where the evidence is; a night without any is looked up in its scores.
        key: of the recipe.
        nights: that are read at least.
    """
    dates = sorted((date for date in store.scored_dates(key) if date != UNDATED), reverse=True)[: 1 + MOST_NIGHTS]
    if not dates:
        return []
    fitted = _fitted(store, key)
    heard: dict[tuple[str, str], str] = {}
    for start in range(0, len(dates), _AT_ONCE):
        for date, machines in _machines_of(store, key, dates[start : start + _AT_ONCE]).items():
            for machine in machines:
                heard.setdefault(machine, date)  # the newest night comes first
        if start + _AT_ONCE >= nights and fitted <= {scorer_folder(key, *machine) for machine in heard}:
            break
    found = [SilentMachine(kind, name, date) for (kind, name), date in heard.items() if date != dates[0]]
    known = {scorer_folder(key, *machine) for machine in heard}
    found += [SilentMachine(*_machine_in(folder), "") for folder in fitted - known]
    return sorted(found)


def _fitted(store: Store, key: str) -> set[str]:
    return set(newest_versions(store, key))


def _machine_in(folder: str) -> tuple[str, str]:
    kind, name = ("".join(words_of(part)) for part in folder.split("/")[-2:])
    return kind, name


def _machines_of(store: Store, key: str, dates: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Date → its machines, in the order of the dates."""
    kept = store.kept_evidence(key, dates, _NAMES)
    found: dict[str, list[tuple[str, str]]] = {}
    for date in dates:
        rows: pa.Table = kept[date].rows if date in kept else store.scores(key, date, _NAMES)
        found[date] = [(kind, name) for kind, name in rows_of(rows.group_by([*_NAMES]).aggregate([]), *_NAMES)]
    return found
