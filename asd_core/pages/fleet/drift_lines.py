"""Shifts of the whole fleet and machines that drift, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from asd_core.pages.fleet.contents import FleetHistory, NightCounts
from asd_core.pages.number_format import counted
from asd_core.readable import machine_name

_MOST_MACHINES = 20


def fleet_shifts(fleet: FleetHistory) -> list[str]:
    """A line for each run of nights on which the whole fleet lay elsewhere, the newest first."""
    return [_shift(run) for run in reversed(list(_runs(fleet)))]


def drifting_machines(fleet: FleetHistory) -> tuple[list[str], int]:
    """A line for each machine that drifts in the newest night, the farthest first; and how many more there are."""
    drifting = np.flatnonzero(~np.isnan(fleet.drifted_by))
    order = drifting[np.argsort(-np.abs(fleet.drifted_by[drifting]), kind="stable")]
    lines = [_drift(fleet, int(place)) for place in order[:_MOST_MACHINES]]
    return lines, len(order) - len(lines)


def _runs(fleet: FleetHistory) -> Iterator[list[NightCounts]]:
    """Nights in a row on which the fleet lay to one side."""
    run: list[NightCounts] = []
    for night in fleet.nights:
        shift = night.fleet_shift
        if run and (shift is None or (shift > 0) != ((run[-1].fleet_shift or 0.0) > 0)):
            yield run
            run = []
        if shift is not None:
            run.append(night)
    if run:
        yield run


def _shift(run: list[NightCounts]) -> str:
    shifts = [night.fleet_shift or 0.0 for night in run]
    way, far = ("higher" if shifts[0] > 0 else "lower"), [f"{abs(shift):.1f}" for shift in shifts]
    low, high = min(far, key=float), max(far, key=float)
    by = low if low == high else f"{low} to {high}"
    when = run[0].date if len(run) == 1 else f"{run[0].date} to {run[-1].date} ({counted(len(run), 'night')})"
    return f"{when}: the whole fleet lay {by} deviations {way}"


def _drift(fleet: FleetHistory, place: int) -> str:
    quiet = np.flatnonzero(~fleet.drifts[place])
    first = int(quiet[-1]) + 1 if len(quiet) else 0
    by = fleet.drifted_by[place]
    name, way = machine_name(*fleet.machines[place]), "higher" if by > 0 else "lower"
    return f"{name} lies {abs(by):.1f} deviations {way}, since {fleet.nights[first].date}"
