"""Settings as lines across one axis a field, and the objective last (parallel coordinates)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from asd_core.pages.drawing import Drawing, Scale, Tick, label, line, path, upright, with_margin
from asd_core.pages.search.fields import numbers, text_of, texts
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.dimension import Dimension, Value

WIDTH, HEIGHT = 720, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 660, 46, 264
_LINES = 150  # more would be one dark band
_AXES = 8
_FEW = 6  # values that stand evenly apart; more of an ordered field stand to scale


@dataclass(frozen=True)
class ParallelCoordinates:
    """The best settings, and as many spread evenly over the others: how many are drawn, and how many fields are not."""

    drawing: Drawing
    n_shown: int
    n_fields_left_out: int


def draw_parallel_coordinates(scope: ScopeOutcome) -> ParallelCoordinates | None:
    """Draw the settings of a scope, or return None where none was evaluated or no field has several values."""
    fields = [one for one in scope.dimensions if len(texts(scope, one)) > 1]
    if scope.best is None or not fields:
        return None
    places, shown = _shown(scope), fields[:_AXES]
    up = Scale(*with_margin(float(scope.objectives[place]) for place in places), _BOTTOM, _TOP)
    across = Scale(0, len(shown), _LEFT, _RIGHT)
    axes = [(across(number), field, *_axis(scope, field)) for number, field in enumerate(shown)]
    near, lines = set(scope.not_told_apart), defaultdict(list)
    for place in places:
        setting = scope.settings[place]
        points = [(x, height(setting[field.name])) for x, field, height, _ in axes if field.name in setting]
        kind = "best" if place == scope.best else "near" if place in near else "far"
        lines[kind].append(line([*points, (_RIGHT, up(float(scope.objectives[place])))]))
    shapes = [path(kind, *lines[kind]) for kind in ("far", "near", "best")]
    for number, (x, field, _, ticks) in enumerate(axes):
        shapes += _draw_axis(number, x, field.name, "middle" if number else "start", ticks)
    shapes += _draw_axis(len(axes), _RIGHT, "objective", "end", up.ticks())
    return ParallelCoordinates(Drawing(WIDTH, HEIGHT, tuple(shapes)), len(places), len(fields) - len(shown))


def _shown(scope: ScopeOutcome) -> list[int]:
    best, others = scope.ranked[: _LINES // 2], scope.ranked[_LINES // 2 :]
    picked = np.unique(np.linspace(0, len(others) - 1, _LINES // 2).astype(int)) if others else []
    return best + [others[index] for index in picked]


def _axis(scope: ScopeOutcome, field: Dimension) -> tuple[Callable[[Value], float], Sequence[Tick]]:
    """The heights of a field's values on its axis, and its marks."""
    at = numbers(scope, field)
    if len(at) > _FEW:
        up = Scale(at[0], at[-1], _BOTTOM, _TOP, field.log)
        return lambda value: up(float(value)), up.ticks()
    names = texts(scope, field)
    up = Scale(0, len(names) - 1, _BOTTOM, _TOP)
    heights = {name: up(number) for number, name in enumerate(names)}
    ticks = [(height, name) for name, height in heights.items()]
    return lambda value: heights[text_of(value)], ticks[:: math.ceil(len(names) / 12)]


def _draw_axis(number: int, x: float, name: str, anchor: str, ticks: Sequence[Tick]) -> list[Markup]:
    # Neighbouring names stand at two heights, since they are longer than an axis is wide.
    shapes = [path("axis", upright(x, _TOP, _BOTTOM)), label(x, 30 if number % 2 else 14, name, anchor, "label name")]
    return shapes + [label(x + 6, y + 4, words, "start") for y, words in ticks]
