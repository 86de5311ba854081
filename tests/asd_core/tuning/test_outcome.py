from dataclasses import replace

import numpy as np

from asd_core.tuning.outcome import best_first, scope_outcomes
from asd_core.tuning.request import SearchRequest
from asd_core.tuning.space.space import new_space
from tests.asd_core.tuning.outcomes import scope_of
from tests.asd_core.tuning.searching import GRID, MACHINES, Formula, run, search_for, store_in


def test_the_best_comes_first_ties_keep_their_order_and_gaps_come_last():
    assert best_first([0.5, np.nan, 0.9, 0.5, 0.9]).tolist() == [2, 4, 0, 3, 1]


def test_of_equal_settings_the_one_nearest_the_recipe_comes_first():
    assert best_first([0.9, 0.9, 0.5, 0.9], [2, 1, 0, 1]).tolist() == [1, 3, 0, 2]
    assert best_first([0.9, 0.9 + 1e-15, np.nan], [0, 1, 0]).tolist() == [0, 1, 2]
    assert best_first([0.9, 0.91], [0, 1]).tolist() == [1, 0]


def test_a_scope_without_an_objective_has_no_best_setting():
    scope = scope_of()
    assert scope.best == scope.order[0] and scope.objectives[scope.best] == scope.objectives.max()
    assert replace(scope, objectives=np.full(len(scope.settings), np.nan)).best is None


def test_only_settings_with_an_objective_are_ranked():
    scope = replace(scope_of(), objectives=np.append([np.nan, 0.5, 0.9], np.full(85, np.nan)))
    assert scope.ranked == [2, 1]


def test_settings_that_cannot_be_told_from_the_best_come_best_first_with_the_best_among_them():
    scope = scope_of()
    alike = scope.not_told_apart
    assert alike[0] == scope.best and alike == [place for place in scope.order.tolist() if place in alike]
    assert not any(scope.certainty[place].told_apart for place in alike)


def test_a_scope_has_the_figures_of_each_of_its_machines(tmp_path):
    results = run(*search_for(store_in(tmp_path)), Formula()).results
    fan, pump = scope_outcomes(results, MACHINES, [{}, {}], SearchRequest(new_space(GRID)))
    assert [machine.name for machine in fan.machines] == ["fan 00", "fan 02"] and pump.name == "pump"
    np.testing.assert_allclose(np.mean([machine.aucs for machine in fan.machines], axis=0), fan.objectives)
    np.testing.assert_array_equal(pump.machines[0].objectives, pump.objectives)
    assert (fan.machines[0].n_fitted, fan.machines[0].n_normal, fan.machines[0].n_anomalous) == (30, 40, 40)
    assert fan.machines[0].best_objective == np.nanmax(fan.machines[0].aucs)
