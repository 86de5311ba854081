"""Each machine's objective over one field, such as r."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.pages.scales import curve_field, line, numbers, padded, round_values, scaled
from asd_core.tuning.outcome import MachineOutcome, ScopeOutcome

WIDTH, HEIGHT = 300, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 292.0, 10.0, 146.0


@dataclass(frozen=True)
class Curve:
    """One machine's.

    Attributes:
        machine: whose.
        points: (value of the field, objective), in order.
        path: a line through them.
        best: place of the chosen setting, x and y.
        level: height of the level-only control; None where the objective is no AUC, or none is known.
    """

    machine: MachineOutcome
    points: tuple[tuple[float, float], ...]
    path: str
    best: tuple[float, float] | None
    level: float | None


@dataclass(frozen=True)
class Curves:
    """The curves of a scope's machines to one scale, each in a view box of `WIDTH` x `HEIGHT`.

    Attributes:
        field: name of the field along the width.
        curves: one a machine.
        is_slice: the other fields are at their chosen values; False where too few settings are, and each point is the
            best over all others.
        x_ticks: place and value.
        y_ticks: height and value.
        table: (value of the field, objective by machine, None where there is none), in order.
    """

    field: str
    curves: tuple[Curve, ...]
    is_slice: bool
    x_ticks: tuple[tuple[float, float], ...]
    y_ticks: tuple[tuple[float, float], ...]
    table: tuple[tuple[float, tuple[float | None, ...]], ...]


def draw_curves(scope: ScopeOutcome, is_auc: bool, most: int = 24) -> Curves | None:
    """Draw the curves of a scope, or return None where no field is a number with at least three values.

    Args:
        scope: whose.
        is_auc: whether the objective is an AUC, which the level-only control can be held against.
        most: machines at most.
    """
    field = curve_field(scope)
    if field is None or scope.best is None:
        return None
    chosen, machines = scope.settings[scope.best], scope.machines[:most]
    if field.name not in chosen:
        return None
    alike = [
        place
        for place, setting in enumerate(scope.settings)
        if all(setting.get(name) == value for name, value in chosen.items() if name != field.name)
    ]
    is_slice = len({scope.settings[place].get(field.name) for place in alike}) > 2
    places = alike if is_slice else list(range(len(scope.settings)))
    points = [_best_by(scope, machine.objectives, places, field.name) for machine in machines]
    levels = [machine.auc_level_only if is_auc else None for machine in machines]
    values = [*(value for each in points for value in each.values()), *(level for level in levels if level is not None)]
    if not any(points):
        return None
    low, high = padded(min(values), max(values))
    at = numbers(scope, field)
    across, up = scaled(at[0], at[-1], field.log), scaled(low, high)

    def x(value: float) -> float:
        return round(_LEFT + across(value) * (_RIGHT - _LEFT), 1)

    def y(value: float) -> float:
        return round(_BOTTOM - up(value) * (_BOTTOM - _TOP), 1)

    drawn = []
    for machine, each, level in zip(machines, points, levels, strict=True):
        own = float(machine.objectives[scope.best])
        drawn.append(
            Curve(
                machine,
                tuple(each.items()),
                line([(x(value), y(objective)) for value, objective in each.items()]),
                None if math.isnan(own) else (x(float(chosen[field.name])), y(own)),
                None if level is None else y(level),
            )
        )
    return Curves(
        field.name,
        tuple(drawn),
        is_slice,
        tuple((x(value), value) for value in round_values(at[0], at[-1], field.log)),
        tuple((y(value), value) for value in round_values(low, high)),
        tuple((value, tuple(each.get(value) for each in points)) for value in at if any(value in p for p in points)),
    )


def _best_by(
    scope: ScopeOutcome, objectives: NDArray[np.float64], places: Sequence[int], name: str
) -> dict[float, float]:
    """Value of the field → best objective among the places that have it, in order."""
    found: dict[float, float] = {}
    for place in places:
        value, objective = scope.settings[place].get(name), float(objectives[place])
        if value is not None and not math.isnan(objective):
            found[float(value)] = max(objective, found.get(float(value), -math.inf))
    return dict(sorted(found.items()))
