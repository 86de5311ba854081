"""New alarms of past nights, counted up, beside those expected if all machines were well."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from asd_core.pages.drawing import Drawing, Scale, grid_lines, label, line, path
from asd_core.pages.fleet.contents import NightCounts

WIDTH, HEIGHT = 640, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 628, 12, 160


def draw_alarms(nights: Sequence[NightCounts]) -> Markup:
    """A chart of the alarms up to each night: observed, expected, and within what chance leaves 95 % of counts.

    Args:
        nights: the newest last; at least one.
    """
    from scipy.special import pdtrik

    observed = np.cumsum([night.found for night in nights])
    expected = np.cumsum([night.expected for night in nights])
    low, high = (np.nan_to_num(pdtrik(tail, np.maximum(expected, 1e-9))).clip(0) for tail in (0.025, 0.975))
    high = np.maximum(high, expected)
    across = Scale(0, len(nights) - 1, _LEFT, _RIGHT)
    up = Scale(0, max(1.0, float(observed[-1]), float(high[-1])) * 1.05, _BOTTOM, _TOP)
    places = [across(night) for night in range(len(nights))]
    upper, middle, lower, found = (
        [(x, up(float(y))) for x, y in zip(places, values, strict=True)] for values in (high, expected, low, observed)
    )
    shapes = [
        path("band", line([*upper, *reversed(lower)]), "z"),
        *grid_lines(up.ticks(), _LEFT, _RIGHT),
        label(_LEFT, _BOTTOM + 18, nights[0].date, "start"),
        path("median", line(middle)),
        path("line", line(found)),
    ]
    if len(nights) > 1:
        shapes.append(label(_RIGHT, _BOTTOM + 18, nights[-1].date, "end"))
    told = f"{observed[-1]} new alarms up to {nights[-1].date}, {expected[-1]:.2g} expected if all were well."
    return Drawing(WIDTH, HEIGHT, tuple(shapes)).named("alarms-chart", "New alarms, counted up", told)
