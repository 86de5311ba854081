"""Settings as lines across one axis a field, and the objective last (parallel coordinates)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from asd_core.pages.scales import line, numbers, padded, round_values, scaled, text_of, texts
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.dimension import Dimension

WIDTH, HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 660.0, 46.0, 264.0
_LINES = 150  # more would be one dark band
_AXES = 8
_FEW = 6  # values that stand evenly apart; more of an ordered field stand to scale


@dataclass(frozen=True)
class Axis:
    """One axis: its place, the name of its field ("" for the objective), and the heights and texts of its marks."""

    x: float
    name: str
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Parallel:
    """The best settings, and as many spread evenly over the others, in a view box of `WIDTH` x `HEIGHT`.

    Attributes:
        axes: left to right.
        far: a path of settings that are told from the best.
        near: of those that are not.
        best: of the best.
        n_shown: how many settings are drawn.
        n_fields: how many fields were left out.
    """

    axes: tuple[Axis, ...]
    far: str
    near: str
    best: str
    n_shown: int
    n_fields_left_out: int


def draw_parallel(scope: ScopeOutcome) -> Parallel | None:
    """Draw the settings of a scope, or return None where none could be evaluated."""
    if scope.best is None:
        return None
    places = _shown(scope)
    own = [float(scope.objectives[place]) for place in places]
    fields = [one for one in scope.dimensions if len(texts(scope, one)) > 1]
    axes: list[Axis] = []
    heights: list[list[float | None]] = []
    step = (_RIGHT - _LEFT) / max(len(fields[:_AXES]), 1)
    for number, one in enumerate(fields[:_AXES]):
        height, ticks = _scale(scope, one)
        axes.append(Axis(round(_LEFT + number * step, 1), one.name, ticks))
        values = [scope.settings[place].get(one.name) for place in places]
        heights.append([None if value is None else height(value) for value in values])
    low, high = padded(min(own), max(own))
    up = scaled(low, high)
    axes.append(Axis(_RIGHT, "", tuple((_y(up(value)), f"{value:g}") for value in round_values(low, high))))
    heights.append([_y(up(value)) for value in own])
    paths = {"far": "", "near": "", "best": ""}
    near = set(scope.not_told_apart)
    for index, place in enumerate(places):
        points = [(axis.x, at) for axis, each in zip(axes, heights, strict=True) if (at := each[index]) is not None]
        paths["best" if place == scope.best else "near" if place in near else "far"] += line(points)
    return Parallel(tuple(axes), **paths, n_shown=len(places), n_fields_left_out=len(fields[_AXES:]))


def _shown(scope: ScopeOutcome) -> list[int]:
    order = [place for place in scope.order.tolist() if not math.isnan(scope.objectives[place])]
    best, others = order[: _LINES // 2], order[_LINES // 2 :]
    picked = np.unique(np.linspace(0, len(others) - 1, _LINES // 2).astype(int)) if others else []
    return best + [others[index] for index in picked]


def _scale(
    scope: ScopeOutcome, field: Dimension
) -> tuple[Callable[[bool | int | float | str], float], tuple[tuple[float, str], ...]]:
    """Value → height on the axis of a field, and its marks."""
    at = numbers(scope, field)
    if len(at) > _FEW:
        up = scaled(at[0], at[-1], field.log)
        ticks = tuple((_y(up(value)), f"{value:g}") for value in round_values(at[0], at[-1], field.log))
        return lambda value: _y(up(float(value))), ticks
    names = texts(scope, field)
    place = {text: number / max(len(names) - 1, 1) for number, text in enumerate(names)}
    marks = tuple((_y(share), text) for text, share in place.items())[:: math.ceil(len(names) / 12)]
    return lambda value: _y(place[text_of(value)]), marks


def _y(share: float) -> float:
    return round(_BOTTOM - share * (_BOTTOM - _TOP), 1)
