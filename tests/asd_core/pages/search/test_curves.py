import math
from dataclasses import replace

import numpy as np
import pytest

from asd_core.pages.search.curves import HEIGHT, draw_curves
from tests.asd_core.pages.search.spaces import KINDS
from tests.asd_core.pages.svg import paths, points, shapes
from tests.asd_core.tuning.outcomes import scope_of


def test_a_curve_runs_over_r_at_the_chosen_other_fields():
    scope = scope_of()
    drawn = draw_curves(scope, is_auc=True)
    chosen = scope.settings[scope.best]
    alike = [p for p, s in enumerate(scope.settings) if s["detector.n_components"] == chosen["detector.n_components"]]
    assert drawn.field == "encoder.r" and drawn.is_slice and len(drawn.drawings) == 3
    for number, (machine, drawing) in enumerate(drawn.drawings):
        assert [values[number] for _, values in drawn.table] == pytest.approx(machine.objectives[alike])
        (ring,) = shapes(drawing, "ring")
        curve = points(paths(drawing, "line"))
        assert len(curve) == 23 and (float(ring.get("cx")), float(ring.get("cy"))) in curve


def test_curves_share_one_scale_with_the_level_only_control_inside():
    drawn = draw_curves(scope_of(auc_level_only=0.3), is_auc=True)
    heights = [y for _, drawing in drawn.drawings for _, y in points(paths(drawing, "line"))]
    (_, level), *_ = points(paths(drawn.drawings[0][1], "threshold"))
    assert 0 < min(heights) < max(heights) < level < HEIGHT
    assert not shapes(draw_curves(scope_of(auc_level_only=0.3), is_auc=False).drawings[0][1], "threshold")


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


def test_a_space_without_a_number_or_a_result_has_no_curve():
    assert draw_curves(scope_of(KINDS), is_auc=True) is None
    scope = scope_of(machines=1)
    none = replace(scope, objectives=np.full_like(scope.objectives, math.nan), certainty={})
    assert draw_curves(none, is_auc=True) is None
