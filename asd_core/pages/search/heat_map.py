"""A scope's objective over two fields, such as r and the number of components."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.pages.scales import curve_field, numbers, text_of, texts
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.dimension import Dimension

WIDTH, ROW = 720, 26
_LEFT, _RIGHT, _TOP, _BELOW = 84.0, 712.0, 8.0, 32.0
_COLUMNS = 120  # at most: a column is 5 wide then
_ROWS = 40
_PREFERRED = ("detector.n_components", "detector.k")


@dataclass(frozen=True)
class Cell:
    """One cell: the best objective over all other fields, None where no setting lies in it.

    Attributes:
        x: its left edge.
        share: in [0, 1], its colour.
        value: the objective.
        is_best: whether the best setting lies in it.
    """

    x: float
    share: float
    value: float | None
    is_best: bool


@dataclass(frozen=True)
class Row:
    """All cells of one value of the field along the height: its text, its top and the cells."""

    text: str
    top: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class HeatMap:
    """Objectives over two fields in a view box of `WIDTH` x ``height``.

    Attributes:
        across: name of the field along the width.
        down: name of the field along the height.
        columns: texts of the values along the width.
        is_binned: whether a column stands for a span that begins at its value.
        rows: one a value along the height.
        cell_width: of every cell.
        low: what the weakest colour stands for, and all below; the lowest tenth of the cells.
        high: what the strongest stands for.
        x_ticks: place and text.
        height: of the view box.
    """

    across: str
    down: str
    columns: tuple[str, ...]
    is_binned: bool
    rows: tuple[Row, ...]
    cell_width: float
    low: float
    high: float
    x_ticks: tuple[tuple[float, str], ...]
    height: float


def draw_heat_map(scope: ScopeOutcome) -> HeatMap | None:
    """Draw the heat map of a scope, or return None where there are no two fields to draw it over."""
    fields = _fields(scope)
    if fields is None or scope.best is None:
        return None
    across, down = fields
    at, rows = numbers(scope, across), texts(scope, down)
    is_binned = len(at) > _COLUMNS
    edges = np.linspace(at[0], at[-1], _COLUMNS + 1)[:-1] if is_binned else np.array(at)
    grid, best = _grid(scope, across, down, edges, rows)
    if np.isnan(grid).all():
        return None
    low, high = float(np.nanquantile(grid, 0.1)), float(np.nanmax(grid))
    width = (_RIGHT - _LEFT) / len(edges)
    drawn = []
    for number, text in enumerate(rows):
        cells = []
        for column, value in enumerate(grid[number].tolist()):
            share = 0.0 if math.isnan(value) else min(max((value - low) / (high - low or 1.0), 0.0), 1.0)
            known = None if math.isnan(value) else value
            cells.append(Cell(round(_LEFT + column * width, 2), round(share, 3), known, (number, column) == best))
        drawn.append(Row(text, _TOP + number * ROW, tuple(cells)))
    columns = tuple(f"{edge:.3g}" for edge in edges)
    every = math.ceil(len(columns) / 12)
    ticks = [(round(_LEFT + (c + 0.5) * width, 1), columns[c]) for c in range(0, len(columns), every)]
    return HeatMap(
        across.name,
        down.name,
        columns,
        is_binned,
        tuple(drawn),
        round(width, 2),
        low,
        high,
        tuple(ticks),
        _TOP + ROW * len(rows) + _BELOW,
    )


def _fields(scope: ScopeOutcome) -> tuple[Dimension, Dimension] | None:
    """The field of the curves, and the components, k, or else the ordered field with the most values."""
    across = curve_field(scope)
    others = [one for one in scope.dimensions if one is not across and 1 < len(texts(scope, one)) <= _ROWS]
    if across is None or not others:
        return None
    return across, max(others, key=lambda one: (one.name in _PREFERRED, one.is_ordered, len(texts(scope, one))))


def _grid(
    scope: ScopeOutcome, across: Dimension, down: Dimension, edges: NDArray[np.float64], rows: list[str]
) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Best objectives (rows, columns), NaN where there is none, and the cell of the best setting."""
    grid, best = np.full((len(rows), len(edges)), np.nan), (-1, -1)
    row_of = {text: number for number, text in enumerate(rows)}
    for place, setting in enumerate(scope.settings):
        if across.name not in setting or down.name not in setting:
            continue
        column = int(np.searchsorted(edges, float(setting[across.name]), "right")) - 1
        row = row_of[text_of(setting[down.name])]
        grid[row, column] = np.fmax(grid[row, column], scope.objectives[place])
        if place == scope.best:
            best = row, column
    return grid, best
