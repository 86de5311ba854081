import math
from dataclasses import replace

import numpy as np
import pytest

from asd_core.pages.number_format import thousandths
from asd_core.pages.search.heat_map import WIDTH, draw_heat_map
from tests.asd_core.pages.search.spaces import FINE, KINDS
from tests.asd_core.pages.svg import shapes
from tests.asd_core.tuning.outcomes import scope_of


def test_a_heat_map_has_the_best_of_each_cell_and_frames_the_best_of_all():
    scope = scope_of()
    drawn = draw_heat_map(scope)
    assert (drawn.across, drawn.down) == ("encoder.r", "detector.n_components")
    assert [name for name, _ in drawn.rows] == ["1", "2", "4", "8"] and len(drawn.columns) == 23
    (frame,) = shapes(drawn.drawing, "frame")
    framed = [cell for cell in shapes(drawn.drawing, "cell") if all(cell.get(k) == frame.get(k) for k in "xy")]
    best = scope.settings[scope.best]
    words = f"encoder.r {best['encoder.r']}, detector.n_components {best['detector.n_components']}"
    assert [cell.find("title").text for cell in framed] == [f"{words}: {thousandths(scope.objectives.max())}"]


def test_the_colours_of_the_cells_are_the_values_of_the_table():
    drawn = draw_heat_map(scope_of())
    cells = shapes(drawn.drawing, "cell")
    values = [value for _, row in drawn.rows for value in row]
    shares = [(float(cell.get("fill-opacity")) - 0.06) / 0.94 for cell in cells]
    assert (min(shares), max(shares)) == (pytest.approx(0), pytest.approx(1))
    shown = [max(value, drawn.low) for value in values]
    assert [drawn.low + share * (drawn.high - drawn.low) for share in shares] == pytest.approx(shown, abs=2e-4)
    titles = [cell.find("title").text.rsplit(": ")[1] for cell in cells]
    assert titles == [thousandths(value) for value in values]


def opacities(objectives):
    scope = replace(scope_of(machines=1), objectives=objectives)
    drawn = draw_heat_map(scope)
    values = [value for _, row in drawn.rows for value in row]
    return values, [float(cell.get("fill-opacity")) for cell in shapes(drawn.drawing, "cell")]


@pytest.mark.parametrize("worse", [1, 5, 40, 91])
def test_the_best_cell_has_the_strongest_colour_and_the_worst_the_weakest_also_where_most_are_alike(worse):
    objectives = np.full(92, 0.9)
    objectives[:worse] = np.linspace(0.5, 0.6, worse)
    values, seen = opacities(objectives)
    assert {shade for value, shade in zip(values, seen, strict=True) if value == 0.9} == {1.0}
    assert seen[int(np.argmin(values))] == 0.06
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(seen)[order]) >= 0).all()


def test_cells_that_are_all_alike_are_all_best():
    assert set(opacities(np.full(92, 0.5))[1]) == {1.0}


def test_values_along_the_width_that_are_near_each_other_have_names_of_their_own():
    tables = {"encoder.r": {"grid": [0.9981, 0.9982, 0.9983]}, "detector.n_components": {"grid": [1, 1024]}}
    assert draw_heat_map(scope_of(tables, machines=1)).columns == ("0.9981", "0.9982", "0.9983")


def test_a_fine_heat_map_is_binned_and_holds_every_setting_in_its_bin():
    scope = scope_of(FINE, machines=1)
    drawn = draw_heat_map(scope)
    assert drawn.is_binned and len(drawn.columns) == 120
    last = [s["encoder.r"] >= 1 - 1 / 120 and s["detector.k"] == 1 for s in scope.settings]
    assert drawn.rows[0][1][-1] == pytest.approx(scope.objectives[np.array(last)].max())
    assert all(float(cell.get("x")) + float(cell.get("width")) <= WIDTH for cell in shapes(drawn.drawing, "cell"))


def test_a_cell_without_a_setting_is_empty():
    scope = scope_of()
    kept = [place for place, s in enumerate(scope.settings) if s != {"encoder.r": 0.0, "detector.n_components": 8}]
    drawn = draw_heat_map(replace(scope, settings=[scope.settings[p] for p in kept], objectives=scope.objectives[kept]))
    assert drawn.rows[3][1][0] is None and drawn.rows[2][1][0] is not None
    assert len(shapes(drawn.drawing, "cell")) == 4 * 23 - 1


def test_a_space_without_a_number_or_a_result_has_no_map():
    assert draw_heat_map(scope_of(KINDS)) is None
    scope = scope_of(machines=1)
    none = replace(scope, objectives=np.full_like(scope.objectives, math.nan), certainty={})
    assert draw_heat_map(none) is None
