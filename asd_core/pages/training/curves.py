"""The course of a training as charts: loss, accuracy and learning rate over steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from asd_core.pages.drawing import (
    Drawing,
    Point,
    Scale,
    dots,
    grid_lines,
    label,
    labels_across,
    line,
    path,
    with_margin,
)

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 628, 12, 180


def draw_course(anchor: str, title: str, curve: Sequence[Point], marks: Sequence[Point] = ()) -> Markup:
    """A chart of values over steps, from 0 on where none is below.

    Args:
        anchor: begins the ids of its elements.
        title: names it.
        curve: (step, value) of a line.
        marks: (step, value) of dots, such as those of held-out clips.
    """
    known = [value for _, value in [*curve, *marks]]
    steps = [step for step, _ in [*curve, *marks]]
    top = 1.05 * max(known) if min(known) >= 0 and max(known) > 0 else with_margin(known)[1]
    low = 0.0 if min(known) >= 0 else with_margin(known)[0]
    across, up = Scale(min(steps), max(steps), _LEFT, _RIGHT), Scale(low, top, _BOTTOM, _TOP)
    shapes = [*grid_lines(up.ticks(), _LEFT, _RIGHT), *labels_across(across.ticks(), _BOTTOM + 18)]
    shapes.append(label((_LEFT + _RIGHT) / 2, _BOTTOM + 36, "steps"))
    if curve:
        shapes.append(path("line", line([(across(step), up(value)) for step, value in curve])))
    if marks:
        shapes.append(path("dots held", dots([(across(step), up(value)) for step, value in marks])))
    told = f"From {known[0]:.4g} at step {steps[0]:g} to {(curve or marks)[-1][1]:.4g} at step {max(steps):g}."
    return Drawing(WIDTH, HEIGHT, tuple(shapes)).named(anchor, title, told)


def points(history: Sequence[Mapping[str, float | None]], name: str) -> list[Point]:
    """(step, value) of a column of a course, where it has a finite value."""
    pairs = ((row["step"], row[name]) for row in history)
    return [(step, value) for step, value in pairs if step is not None and value is not None and math.isfinite(value)]
