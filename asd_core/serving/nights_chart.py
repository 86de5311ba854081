"""A chart of all nights of a machine: how unusual each was for a well machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from asd_core.pages.drawing import Drawing, Scale, grid_lines, labels_across, path
from asd_core.pages.fleet.contents import NO_EVIDENCE, Cell

WIDTH, HEIGHT = 446, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 440, 10, 138
_LEAST_CODE = 300.0  # -100 log10 p at the top of a chart without stronger evidence
_MOST_LINES = 4  # each for ten times as many nights; beyond that each for a hundred times
_APART = 84  # from the middle of a date to that of the next
_STUB = 3.0  # height of a night without evidence

_LOOKS = {
    "none": (),
    "open": (Cell.NOT_DECIDED, Cell.ERROR),
    "well": (Cell.WITHIN_CHANCE, Cell.OVER),
    "watch": (Cell.WATCH, Cell.ACKNOWLEDGED),
    "act": (Cell.CONTINUING,),
    "new": (Cell.NEW,),
}


def draw_nights(name: str, dates: Sequence[str], cells: NDArray[np.uint8], evidence: NDArray[np.uint16]) -> Markup:
    """A bar for each night, the higher the more unusual; its colour is that of the letter of the night.

    Args:
        name: of the machine.
        dates: of the nights (T,), ascending, at least one.
        cells: (T,) a `Cell` each.
        evidence: (T,) as `evidence_codes` gives it.
    """
    known = evidence != NO_EVIDENCE
    highest = max(_LEAST_CODE, float(evidence[known].max(initial=0)))
    up = Scale(0, highest * 1.04, _BOTTOM, _TOP)
    step = (_RIGHT - _LEFT) / len(dates)
    powers = range(0, int(highest // 100) + 1, 1 + int(highest > _MOST_LINES * 100))
    shapes = grid_lines([(up(100.0 * power), _often(power)) for power in powers], _LEFT, _RIGHT)
    for look, kinds in _LOOKS.items():
        members = np.flatnonzero(np.isin(cells, np.array(kinds, np.uint8)))
        bars = [_bar(_LEFT + step * place, step, _height(evidence[place], up)) for place in members.tolist()]
        if bars:
            shapes.append(path(f"bar {look}", *bars))
    shapes += labels_across(_dates(dates, step), _BOTTOM + 20)
    heard = int((cells != Cell.NOT_HEARD).sum())
    alarms = int((cells >= Cell.CONTINUING).sum())
    told = f"{heard} of {len(dates)} nights heard, {alarms} in alarm, up to {dates[-1]}. The nights follow in words."
    return Drawing(WIDTH, HEIGHT, tuple(shapes)).named("nights-chart", f"Nights of {name}", told)


def _often(power: int) -> str:
    return "any night" if not power else f"1 in {10**power:,}"


def _height(code: int, up: Scale) -> float:
    return _STUB if code == NO_EVIDENCE else max(_STUB, _BOTTOM - up(float(code)))


def _bar(left: float, step: float, height: float) -> str:
    width = max(0.6, min(step * 0.8, 14.0))
    return f"M{left + (step - width) / 2:.1f} {_BOTTOM:g}v{-height:.1f}h{width:.1f}v{height:.1f}z"


def _dates(dates: Sequence[str], step: float) -> list[tuple[float, str]]:
    """The newest night and some before it, so far apart that their labels do not touch."""
    found: list[tuple[float, str]] = []
    for place in range(len(dates) - 1, -1, -1):
        across = min(max(_LEFT + step * (place + 0.5), _LEFT + 20), _RIGHT - 30)
        if not found or found[-1][0] - across >= _APART:
            found.append((across, dates[place]))
    return found
