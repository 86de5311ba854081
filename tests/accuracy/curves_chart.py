"""A line chart of AUC over r, as an SVG file that reads on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from asd_core.pages.drawing import Drawing, Scale, grid_lines, label, labels_across, line, shape

WIDTH, HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 700, 16, 276
_STYLE = """
svg { background: #fff; font: 12px sans-serif; fill: none; }
.label { fill: #333; }
.rule { stroke: #ddd; }
@media (prefers-color-scheme: dark) { svg { background: #1b1d24; } .label { fill: #ddd; } .rule { stroke: #353843; } }
"""


@dataclass(frozen=True)
class Curve:
    """A named line: (R,) AUCs, a colour and a dash pattern (none: solid)."""

    name: str
    aucs: NDArray[np.float64]
    colour: str
    dashes: str = "none"


def draw_curves(r: NDArray[np.float64], curves: Sequence[Curve]) -> str:
    """Draw the curves over r (R,), with a dot at the highest point of each (the first, where several are)."""
    low = min(0.5, float(np.floor(10 * min(curve.aucs.min() for curve in curves)) / 10))
    across, up = Scale(float(r[0]), float(r[-1]), _LEFT, _RIGHT), Scale(low, 1.0, _BOTTOM, _TOP)
    shapes = [
        shape("style", {}, _STYLE.replace("\n", " ")),
        *grid_lines(up.ticks(round(10 * (1 - low))), _LEFT, _RIGHT),
        *labels_across(across.ticks(11), _BOTTOM + 16),
        label((_LEFT + _RIGHT) / 2, _BOTTOM + 34, "r"),
        label(14, (_TOP + _BOTTOM) / 2, "AUC"),
    ]
    for index, curve in enumerate(curves):
        shapes += _curve(curve, r, across, up, _LEFT + 300 * (index % 2), HEIGHT - 32 + 20 * (index // 2))
    drawing = Drawing(WIDTH, HEIGHT, tuple(shapes))
    return drawing.named("auc", "AUC over r: simulated and real anomalies", "A line a kind of anomalies.") + "\n"


def _curve(curve: Curve, r: NDArray[np.float64], across: Scale, up: Scale, key_x: float, key_y: float) -> list[Markup]:
    """The line, a dot at its top, and its key."""
    look = {"stroke": curve.colour, "stroke-width": "2", "stroke-dasharray": curve.dashes}
    points = [(across(float(x)), up(float(y))) for x, y in zip(r, curve.aucs, strict=True)]
    top = int(np.argmax(curve.aucs))
    return [
        shape("path", {"d": line(points), **look}),
        shape("circle", {"cx": points[top][0], "cy": points[top][1], "r": 4, "fill": curve.colour}),
        shape("path", {"d": f"M{key_x} {key_y - 4}h28", **look}),
        label(key_x + 36, key_y, f"{curve.name}, best r = {r[top]:.2f}", "start"),
    ]
