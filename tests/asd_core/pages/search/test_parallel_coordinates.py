import math
from dataclasses import replace

import numpy as np

from asd_core.pages.search.parallel_coordinates import HEIGHT, WIDTH, draw_parallel_coordinates
from tests.asd_core.pages.search.spaces import FINE, KINDS
from tests.asd_core.pages.svg import paths, points, words
from tests.asd_core.tuning.outcomes import scope_of


def test_lines_end_at_the_objective_and_the_best_is_drawn_once():
    scope = scope_of()
    drawn = draw_parallel_coordinates(scope)
    assert words(drawn.drawing, "name") == ["encoder.r", "detector.n_components", "objective"]
    far, near, best = (paths(drawn.drawing, kind) for kind in ("far", "near", "best"))
    assert drawn.n_shown == 92 and best.count("M") == 1
    assert near.count("M") == len(scope.not_told_apart) - 1
    assert {path.count("L") / path.count("M") for path in (far, near, best)} == {2.0}
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points(far + near + best))


def test_of_many_settings_the_best_and_a_spread_of_the_others_are_drawn():
    assert draw_parallel_coordinates(scope_of(FINE, machines=1)).n_shown == 150


def test_a_space_without_a_number_is_drawn_too():
    assert words(draw_parallel_coordinates(scope_of(KINDS)).drawing, "name") == ["detector.kind", "objective"]


def test_a_space_of_one_setting_has_nothing_to_draw():
    assert draw_parallel_coordinates(scope_of({"detector.k": {"grid": [1]}}, machines=1)) is None


def test_settings_that_could_not_be_evaluated_are_drawn_nowhere():
    scope = scope_of(machines=1)
    objectives = scope.objectives.copy()
    objectives[5:] = math.nan
    assert draw_parallel_coordinates(replace(scope, objectives=objectives, certainty={})).n_shown == 5
    none = replace(scope, objectives=np.full_like(objectives, math.nan), certainty={})
    assert draw_parallel_coordinates(none) is None
