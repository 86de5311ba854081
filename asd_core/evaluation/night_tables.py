"""The figures of machines by night for programs, spreadsheets and people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from asd_core.evaluation.night_figures import MachineNightFigures, NightFigures

COLUMNS = tuple(field.name for field in fields(MachineNightFigures))
"""Of a machine's row; empty where it has no night of known condition."""

_OF_FLEET = (
    "normal_nights",
    "undecided_nights",
    "new_false_alarms",
    "false_alarms_per_machine_month",
    "asked_per_machine_month",
    "found_machines",
    "missed_machines",
    "median_nights_to_alarm",
)


def nights_json(nights: NightFigures) -> dict[str, Any]:
    """The figures of the fleet, ready for ``json.dumps``."""
    return {name: getattr(nights, name) for name in _OF_FLEET}


def nights_row(nights: NightFigures, machine_type: str, machine_id: str) -> dict[str, Any]:
    """The figures of one machine."""
    found = nights.machines.get((machine_type, machine_id))
    return dict.fromkeys(COLUMNS) if found is None else asdict(found)


def nights_text(nights: NightFigures) -> Iterator[str]:
    """Lines on false alarms and on faults, each only where there are such nights."""
    if (rate := nights.false_alarms_per_machine_month) is not None:
        count = nights.new_false_alarms
        yield (
            f"alarms of nights: {count} false alarm{'s' * (count != 1)} in {nights.normal_nights} normal machine-nights"
            f", {rate:.2g} per machine-month (asked for: {nights.asked_per_machine_month:.2g})"
        )
    if faulty := nights.found_machines + nights.missed_machines:
        median = nights.median_nights_to_alarm
        after = "not half of them" if median is None else f"median night {median:g} of the fault"
        yield f"faults: {nights.found_machines} of {faulty} faulty machines became an alarm ({after})"
    if undecided := nights.undecided_nights:
        yield f"nights not decided: {undecided} (asd alarms says why)"
