"""A small line chart of AUC over r, as SVG that reads on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 700, 16, 276


@dataclass(frozen=True)
class Curve:
    """A named line: (R,) AUCs, a colour and a dash pattern (none: solid)."""

    name: str
    aucs: NDArray[np.float64]
    colour: str
    dashes: str = ""


def draw_curves(r: NDArray[np.float64], curves: Sequence[Curve]) -> str:
    """Draw the curves over r (R,), with a dot at the highest point of each (the first, where several are)."""
    low = min(0.5, float(np.floor(10 * min(curve.aucs.min() for curve in curves)) / 10))

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - r[0]) / (r[-1] - r[0])

    def y(value: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * (value - low) / (1 - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'font-family="sans-serif" font-size="12">',
        "<title>AUC over r: simulated and real anomalies</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for auc in np.arange(low, 1.01, 0.1):
        parts.append(f'<path d="M{_LEFT} {y(auc):.1f}H{_RIGHT}" stroke="#dddddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(auc) + 4:.1f}" text-anchor="end">{auc:.1f}</text>')
    for tick in np.arange(r[0], r[-1] + 0.01, 0.1):
        parts.append(f'<text x="{x(tick):.1f}" y="{_BOTTOM + 16}" text-anchor="middle">{tick:.1f}</text>')
    parts.append(f'<text x="{(_LEFT + _RIGHT) / 2}" y="{_BOTTOM + 34}" text-anchor="middle">r</text>')
    parts.append(
        f'<text x="14" y="{(_TOP + _BOTTOM) / 2}" transform="rotate(-90 14 {(_TOP + _BOTTOM) / 2})">AUC</text>'
    )
    for index, curve in enumerate(curves):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(r, curve.aucs, strict=True))
        style = f'stroke="{curve.colour}" stroke-width="2" stroke-dasharray="{curve.dashes or "none"}"'
        top = int(np.argmax(curve.aucs))
        parts.append(f'<polyline points="{points}" fill="none" {style}/>')
        parts.append(f'<circle cx="{x(r[top]):.1f}" cy="{y(curve.aucs[top]):.1f}" r="4" fill="{curve.colour}"/>')
        at_x, at_y = _LEFT + 330 * (index % 2), HEIGHT - 32 + 20 * (index // 2)
        parts.append(f'<path d="M{at_x} {at_y - 4}h28" {style}/>')
        parts.append(f'<text x="{at_x + 36}" y="{at_y}">{escape(curve.name)}, best r = {r[top]:.2f}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
