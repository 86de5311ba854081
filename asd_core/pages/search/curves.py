"""The objective of each machine over one field, such as r, as a curve."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.pages.drawing import (
    Drawing,
    Point,
    Scale,
    grid_lines,
    labels_across,
    level,
    line,
    path,
    shape,
    with_margin,
)
from asd_core.pages.search.fields import curve_field, number_of, numbers
from asd_core.tuning.outcome import MachineOutcome, ScopeOutcome
from asd_core.tuning.space.dimension import Value

WIDTH, HEIGHT = 300, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 292, 10, 146

Curve = Mapping[float, float]
"""Value of the field → objective, in order."""


@dataclass(frozen=True)
class Curves:
    """The curves of a scope's machines, all to one scale.

    Attributes:
        field: name of the field along the width.
        drawings: a machine and its drawing: the curve, a ring at the chosen setting, and the level-only control as a
            dashed line where it is known and the objective is an AUC.
        is_slice: the other fields are at their chosen values; False where too few settings are, and each point is the
            best over all others.
        table: (value of the field, objective by machine, None where there is none), in order.
    """

    field: str
    drawings: tuple[tuple[MachineOutcome, Drawing], ...]
    is_slice: bool
    table: tuple[tuple[float, tuple[float | None, ...]], ...]


def draw_curves(scope: ScopeOutcome, is_auc: bool, most: int = 24) -> Curves | None:
    """Draw the curves of a scope, or return None where no field is a number with at least three values.

    Args:
        scope: the settings and the machines they were tried on.
        is_auc: the objective is an AUC, which can be compared with the level-only control.
        most: machines at most.
    """
    field = curve_field(scope)
    chosen = {} if scope.best is None else scope.settings[scope.best]
    if field is None or scope.best is None or field.name not in chosen:
        return None
    machines = scope.machines[:most]
    alike = _alike(scope, chosen, field.name)
    is_slice = len({scope.settings[place].get(field.name) for place in alike}) > 2
    places = alike if is_slice else range(len(scope.settings))
    curves = [_best_by(scope, machine.objectives, places, field.name) for machine in machines]
    if not any(curves):
        return None
    levels = [machine.auc_level_only if is_auc else None for machine in machines]
    known = [*(value for curve in curves for value in curve.values()), *(one for one in levels if one is not None)]
    at = numbers(scope, field)
    across, up = Scale(at[0], at[-1], _LEFT, _RIGHT, field.log), Scale(*with_margin(known), _BOTTOM, _TOP)
    rings = [(number_of(chosen[field.name]), float(machine.objectives[scope.best])) for machine in machines]
    drawings = [_draw(*each, across, up) for each in zip(curves, rings, levels, strict=True)]
    return Curves(
        field.name,
        tuple(zip(machines, drawings, strict=True)),
        is_slice,
        tuple((value, tuple(curve.get(value) for curve in curves)) for value in at if any(value in c for c in curves)),
    )


def _alike(scope: ScopeOutcome, chosen: Mapping[str, Value], name: str) -> list[int]:
    """The settings that share the chosen values of all fields but one."""
    wanted = [(other, value) for other, value in chosen.items() if other != name]
    return [
        place
        for place, setting in enumerate(scope.settings)
        if all(setting.get(other) == value for other, value in wanted)
    ]


def _best_by(scope: ScopeOutcome, objectives: NDArray[np.float64], places: Sequence[int], name: str) -> Curve:
    """The best objective of each value of the field among the settings at these places."""
    found: dict[float, float] = {}
    for place in places:
        value, objective = scope.settings[place].get(name), float(objectives[place])
        if value is not None and not math.isnan(objective):
            found[number_of(value)] = max(objective, found.get(number_of(value), -math.inf))
    return dict(sorted(found.items()))


def _draw(curve: Curve, ring: Point, level_only: float | None, across: Scale, up: Scale) -> Drawing:
    shapes = [*grid_lines(up.ticks(), _LEFT, _RIGHT), *labels_across(across.ticks(), _BOTTOM + 18)]
    if level_only is not None:
        shapes.append(path("threshold", level(up(level_only), _LEFT, _RIGHT)))
    shapes.append(path("line", line([(across(value), up(objective)) for value, objective in curve.items()])))
    if not math.isnan(ring[1]):
        shapes.append(shape("circle", {"class": "ring", "cx": across(ring[0]), "cy": up(ring[1]), "r": 5}))
    return Drawing(WIDTH, HEIGHT, tuple(shapes))
