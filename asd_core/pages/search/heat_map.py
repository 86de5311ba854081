"""The objective of a scope over two fields, such as r and the number of components, as a heat map."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.pages.drawing import Drawing, Tick, label, labels_across, shape
from asd_core.pages.number_format import thousandths
from asd_core.pages.search.fields import curve_field, number_of, numbers, text_of, texts
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.dimension import Dimension

WIDTH, ROW = 720, 26
_LEFT, _RIGHT, _TOP, _BELOW = 84, 712, 8, 32
_COLUMNS = 120  # at most: a column is 5 wide then
_ROWS = 40
_FAINTEST = 0.06  # opacity of the weakest colour: a cell with a value can be told from an empty one
_PREFERRED = ("detector.n_components", "detector.k")


@dataclass(frozen=True)
class HeatMap:
    """The best objectives over two fields.

    Attributes:
        across: name of the field along the width.
        down: name of the field along the height.
        columns: texts of the values along the width.
        is_binned: a column stands for a span that begins at its value.
        rows: a value along the height as text, and its best objective by column, None where there is none.
        low: objective of the weakest colour, and of all below it: the lowest tenth of the cells, or the lowest cell
            where the others are alike.
        high: objective of the strongest colour; all cells have it where they are alike.
        drawing: a cell for each objective, and a frame around the best setting.
    """

    across: str
    down: str
    columns: tuple[str, ...]
    is_binned: bool
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]
    low: float
    high: float
    drawing: Drawing


def draw_heat_map(scope: ScopeOutcome) -> HeatMap | None:
    """Draw the heat map of a scope, or return None where there are no two fields to draw it over."""
    fields = _fields(scope)
    if fields is None or scope.best is None:
        return None
    across, down = fields
    at, names = numbers(scope, across), texts(scope, down)
    is_binned = len(at) > _COLUMNS
    edges = np.linspace(at[0], at[-1], _COLUMNS + 1)[:-1] if is_binned else np.array(at)
    grid, best = _grid(scope, across, down, edges, names)
    if np.isnan(grid).all():
        return None
    columns = tuple(f"{edge:.3g}" if is_binned else text_of(edge) for edge in edges.tolist())
    low, high = _ends(grid)
    rows = tuple(
        (name, tuple(None if math.isnan(value) else value for value in row))
        for name, row in zip(names, grid.tolist(), strict=True)
    )
    cells = []
    for row, (name, values) in enumerate(rows):
        cells.append(label(_LEFT - 8, _TOP + row * ROW + 17, name, "end"))
        for column, value in enumerate(values):
            if value is not None:
                look = {"class": "cell", "fill-opacity": _opacity(value, low, high), **_box(row, column, len(columns))}
                words = f"{across.name} {columns[column]}, {down.name} {name}: {thousandths(value)}"
                cells.append(shape("rect", look, tooltip=words))
    if best is not None:
        cells.append(shape("rect", {"class": "frame", **_box(*best, len(columns))}))
    height = _TOP + ROW * len(rows) + _BELOW
    drawing = Drawing(WIDTH, height, (*cells, *labels_across(_ticks(columns), height - 14)))
    return HeatMap(across.name, down.name, columns, is_binned, rows, low, high, drawing)


def _ends(grid: NDArray[np.float64]) -> tuple[float, float]:
    """The objectives of the weakest and of the strongest colour."""
    low, high = float(np.nanquantile(grid, 0.1)), float(np.nanmax(grid))
    return (low if low < high else float(np.nanmin(grid))), high


def _opacity(value: float, low: float, high: float) -> float:
    share = min(max((value - low) / (high - low), 0.0), 1.0) if low < high else 1.0
    return round(_FAINTEST + (1 - _FAINTEST) * share, 3)


def _box(row: int, column: int, n_columns: int) -> dict[str, str | float]:
    width = (_RIGHT - _LEFT) / n_columns
    x = round(_LEFT + column * width, 2)
    return {"x": x, "y": _TOP + row * ROW, "width": round(width, 2), "height": ROW - 2}


def _ticks(columns: tuple[str, ...]) -> list[Tick]:
    """The middle of a column and its text, of at most 12 columns."""
    width, every = (_RIGHT - _LEFT) / len(columns), math.ceil(len(columns) / 12)
    return [(round(_LEFT + (column + 0.5) * width, 1), columns[column]) for column in range(0, len(columns), every)]


def _fields(scope: ScopeOutcome) -> tuple[Dimension, Dimension] | None:
    """The field of the curves, and the components, k, or else the ordered field with the most values."""
    across = curve_field(scope)
    others = [one for one in scope.dimensions if one is not across and 1 < len(texts(scope, one)) <= _ROWS]
    if across is None or not others:
        return None
    return across, max(others, key=lambda one: (one.name in _PREFERRED, one.is_ordered, len(texts(scope, one))))


def _grid(
    scope: ScopeOutcome, across: Dimension, down: Dimension, edges: NDArray[np.float64], rows: list[str]
) -> tuple[NDArray[np.float64], tuple[int, int] | None]:
    """Best objectives (rows, columns), NaN where there is none, and the cell of the best setting."""
    grid, best = np.full((len(rows), len(edges)), np.nan), None
    row_of = {text: number for number, text in enumerate(rows)}
    for place, setting in enumerate(scope.settings):
        if across.name not in setting or down.name not in setting:
            continue
        column = int(np.searchsorted(edges, number_of(setting[across.name]), "right")) - 1
        row = row_of[text_of(setting[down.name])]
        grid[row, column] = np.fmax(grid[row, column], scope.objectives[place])
        if place == scope.best:
            best = row, column
    return grid, best
