import math
import re
from dataclasses import replace

import numpy as np
import pytest

from asd_core.pages.scales import round_values
from asd_core.pages.search import curves, draw_curves, draw_heat_map, draw_parallel, heat_map, parallel
from tests.asd_core.tuning.outcomes import scope_of

KINDS = {"detector.kind": {"choice": ["memory_bank", "kmeans"]}, "embedding.transform": {"choice": ["none"]}}
FINE = {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.002}, "detector.k": {"grid": [1, 2]}}


def numbers_in(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"[ML]([-\d.e]+) ([-\d.e]+)", path)]


def test_a_curve_runs_over_r_at_the_chosen_other_fields():
    scope = scope_of()
    drawn = draw_curves(scope, is_auc=True)
    chosen = scope.settings[scope.best]
    alike = [p for p, s in enumerate(scope.settings) if s["detector.n_components"] == chosen["detector.n_components"]]
    assert drawn.field == "encoder.r" and drawn.is_slice and len(drawn.curves) == 3
    for curve, machine in zip(drawn.curves, scope.machines, strict=True):
        assert [y for _, y in curve.points] == pytest.approx(machine.objectives[alike])
        assert len(numbers_in(curve.path)) == 23 and curve.best in numbers_in(curve.path)


def test_curves_share_one_scale_with_the_level_only_control_inside():
    drawn = draw_curves(scope_of(auc_level_only=0.3), is_auc=True)
    heights = [y for curve in drawn.curves for _, y in numbers_in(curve.path)] + [drawn.curves[0].level]
    assert min(heights) > 0 and max(heights) == drawn.curves[0].level < curves.HEIGHT
    assert draw_curves(scope_of(auc_level_only=0.3), is_auc=False).curves[0].level is None


def test_too_few_settings_with_the_chosen_values_give_the_best_over_the_others():
    scope = scope_of()
    few = list(range(0, len(scope.settings), 5))  # of each r another number of components
    sparse = replace(
        scope,
        settings=[scope.settings[place] for place in few[:4]],
        objectives=scope.objectives[few[:4]],
        machines=[replace(m, objectives=m.objectives[few[:4]]) for m in scope.machines],
        certainty={},
    )
    drawn = draw_curves(sparse, is_auc=True)
    assert not drawn.is_slice and len(drawn.table) == 4


def test_the_table_of_the_curves_has_a_row_a_value_and_a_column_a_machine():
    drawn = draw_curves(scope_of(machines=2), is_auc=True)
    assert len(drawn.table) == 23 and all(len(values) == 2 for _, values in drawn.table)
    assert drawn.table[0][0] == 0.0


def test_a_heat_map_has_the_best_of_each_cell_and_frames_the_best_of_all():
    scope = scope_of()
    drawn = draw_heat_map(scope)
    assert (drawn.across, drawn.down) == ("encoder.r", "detector.n_components")
    assert [row.text for row in drawn.rows] == ["1", "2", "4", "8"] and len(drawn.columns) == 23
    framed = [(row.text, cell.value) for row in drawn.rows for cell in row.cells if cell.is_best]
    best = scope.settings[scope.best]
    assert framed == [(str(best["detector.n_components"]), pytest.approx(scope.objectives.max()))]
    shares = [cell.share for row in drawn.rows for cell in row.cells]
    assert min(shares) == 0 and max(shares) == 1


def test_a_fine_heat_map_is_binned_and_holds_every_setting_in_its_bin():
    scope = scope_of(FINE, machines=1)
    drawn = draw_heat_map(scope)
    assert drawn.is_binned and len(drawn.columns) == 120
    last = [s["encoder.r"] >= 1 - 1 / 120 and s["detector.k"] == 1 for s in scope.settings]
    assert drawn.rows[0].cells[-1].value == pytest.approx(scope.objectives[np.array(last)].max())
    assert drawn.rows[0].cells[-1].x + drawn.cell_width <= heat_map.WIDTH


def test_a_cell_without_a_setting_is_empty():
    scope = scope_of()
    kept = [place for place, s in enumerate(scope.settings) if s != {"encoder.r": 0.0, "detector.n_components": 8}]
    drawn = draw_heat_map(replace(scope, settings=[scope.settings[p] for p in kept], objectives=scope.objectives[kept]))
    assert drawn.rows[3].cells[0].value is None and drawn.rows[2].cells[0].value is not None


def test_spaces_without_a_number_have_no_curve_and_no_map():
    scope = scope_of(KINDS)
    assert draw_curves(scope, is_auc=True) is None and draw_heat_map(scope) is None
    assert draw_parallel(scope).axes[0].name == "detector.kind"


def test_parallel_lines_end_at_the_objective_and_the_best_is_drawn_once():
    scope = scope_of()
    drawn = draw_parallel(scope)
    assert [axis.name for axis in drawn.axes] == ["encoder.r", "detector.n_components", ""]
    assert drawn.n_shown == 92 and drawn.best.count("M") == 1
    assert drawn.near.count("M") == len(scope.not_told_apart) - 1
    assert {path.count("L") / path.count("M") for path in (drawn.far, drawn.near, drawn.best)} == {2.0}
    places = numbers_in(drawn.far + drawn.near + drawn.best)
    assert all(0 <= x <= parallel.WIDTH and 0 <= y <= parallel.HEIGHT for x, y in places)


def test_of_many_settings_the_best_and_a_spread_of_the_others_are_drawn():
    drawn = draw_parallel(scope_of(FINE, machines=1))
    assert drawn.n_shown == 150


def test_settings_that_could_not_be_evaluated_are_drawn_nowhere():
    scope = scope_of(machines=1)
    objectives = scope.objectives.copy()
    objectives[5:] = math.nan
    few = replace(scope, objectives=objectives, certainty={})
    assert draw_parallel(few).n_shown == 5
    none = replace(scope, objectives=np.full_like(objectives, math.nan), certainty={})
    assert (draw_curves(none, True), draw_heat_map(none), draw_parallel(none)) == (None, None, None)


@pytest.mark.parametrize(
    ("low", "high", "log", "values"),
    [
        (0.0, 1.1, False, [0.0, 0.5, 1.0]),
        (0.61, 0.93, False, [0.7, 0.8, 0.9]),
        (1e-6, 1e-2, True, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        (2.0, 5.0, True, [2.0, 5.0]),
        (3.0, 3.0, False, [3.0]),
    ],
)
def test_marks_are_round(low, high, log, values):
    assert round_values(low, high, log) == pytest.approx(values)
