import contextlib

import numpy as np
import pytest

from asd_core.tuning.batches import BatchOutcome, evaluate_batch
from asd_core.tuning.evaluate_settings import SettingScore
from asd_core.tuning.outcome import best_first
from asd_core.tuning.search import BATCH_SECONDS, search_here
from tests.asd_core.tuning.searching import GRID, KNN, MACHINES, Formula, Killed, run, search_for, store_in

TPE = {"method": "tpe", "count": 48}


def best_of(search):
    return {r.scope.name: r.settings[int(np.nanargmax(r.objectives))] for r in search.results}


def objectives_of(search):
    return np.concatenate([results.objectives for results in search.results])


def outcome_of(batch, seconds):
    return BatchOutcome(np.full((len(batch.settings), 4), 0.5), {}, seconds, 0.0)


def test_every_setting_of_a_grid_is_evaluated_once_on_every_machine(tmp_path):
    formula = Formula()
    search = run(*search_for(store_in(tmp_path)), formula)
    assert len(formula.asked) == len(set(formula.asked)) == 33 * 3 == search.total == search.done
    assert search.is_finished and search.next_batch() is None
    assert best_of(search) == dict.fromkeys(["fan", "pump"], {"encoder.r": 0.7, "detector.k": 2})


def test_a_finished_search_is_found_whole_in_the_store(tmp_path):
    store, formula = store_in(tmp_path), Formula()
    first = run(*search_for(store), formula)
    again = run(*search_for(store), formula)
    assert len(formula.asked) == 99 and again.evaluated == 0 and again.done == again.total
    np.testing.assert_array_equal(objectives_of(again), objectives_of(first))
    assert again.results[0].errors == first.results[0].errors


@pytest.mark.parametrize("asked", [{}, TPE])
@pytest.mark.parametrize("batches", [1, 3])
def test_a_search_that_is_killed_again_and_again_loses_no_finished_setting(tmp_path, asked, batches):
    store, formula, kills = store_in(tmp_path / "killed"), Formula(), 0
    while True:
        try:
            search = run(*search_for(store, **asked), formula, batches)
            break
        except Killed:
            kills += 1
    whole = run(*search_for(store_in(tmp_path / "whole"), **asked), Formula())
    assert kills >= (3 if batches == 1 else 1) and len(formula.asked) == len(set(formula.asked))
    assert [r.settings for r in search.results] == [r.settings for r in whole.results]
    np.testing.assert_array_equal(objectives_of(search), objectives_of(whole))


def test_another_objective_or_other_scopes_evaluate_nothing_anew(tmp_path):
    store, formula = store_in(tmp_path), Formula()
    run(*search_for(store), formula)
    for changes in ({"objective": "pauc"}, {"per": "machine"}, {"per": "global"}):
        assert run(*search_for(store, **changes), formula).evaluated == 0
    assert len(formula.asked) == 99


def test_a_finer_grid_evaluates_only_what_is_new(tmp_path):
    store, formula = store_in(tmp_path), Formula()
    run(*search_for(store), formula)
    finer = GRID | {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.05}}
    assert run(*search_for(store, finer), formula).evaluated == 10 * 3 * 3
    assert len(formula.asked) == len(set(formula.asked))


def test_a_setting_that_cannot_be_evaluated_says_why_and_is_not_tried_again(tmp_path):
    store = store_in(tmp_path)
    for _ in range(2):
        search = run(*search_for(store), Formula())
        for results in search.results:
            failed = [place for place, setting in enumerate(results.settings) if setting["encoder.r"] == 0.3]
            assert results.errors == dict.fromkeys(failed, "no fit at r = 0.3")
            assert np.isnan(results.objectives).nonzero()[0].tolist() == failed
    assert search.evaluated == 0


def test_a_batch_that_ends_its_worker_is_halved_down_to_the_setting_that_does_so(tmp_path):
    search, work = search_for(store_in(tmp_path), machines=MACHINES[:1])
    while (batch := search.next_batch()) is not None:
        if any(setting == {"encoder.r": 0.5, "detector.k": 4} for setting in batch.settings):
            search.fail(batch.number)
        else:
            search.finish(batch.number, evaluate_batch(work, batch, Formula()))
    (results,) = search.results
    place = results.settings.index({"encoder.r": 0.5, "detector.k": 4})
    assert search.is_finished and search.crashed == 1
    assert results.errors[place] == "two workers died over it"
    assert np.isfinite(np.delete(results.objectives, [place, *range(9, 12)])).all()


def test_a_batch_is_some_seconds_of_work_and_shorter_towards_the_end(tmp_path):
    fine = {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.001}}
    search, _ = search_for(store_in(tmp_path), fine, machines=MACHINES[:1])
    sizes = []
    while (batch := search.next_batch()) is not None:
        sizes.append(len(batch.settings))
        search.finish(batch.number, outcome_of(batch, 0.05 * len(batch.settings)))
    assert sizes[0] == 8 and max(sizes) == sizes[1] == BATCH_SECONDS / 0.05
    assert sizes[-2:] == sorted(sizes[-2:], reverse=True) and sizes[-2] == 10  # half a second


def test_tpe_waits_for_a_round_before_it_proposes_the_next(tmp_path):
    search, _ = search_for(store_in(tmp_path), per="global", **TPE)
    handed = []
    while (batch := search.next_batch()) is not None:
        handed.append(batch)
    assert sum(len(batch.settings) for batch in handed) == 16 * 3 and not search.is_finished
    for batch in handed:
        assert search.next_batch() is None
        search.finish(batch.number, outcome_of(batch, 1.0))
    assert search.next_batch() is not None


def test_tpe_finds_the_top_of_a_formula_and_each_scope_has_settings_of_its_own(tmp_path):
    fine = GRID | {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.01}}
    search = run(*search_for(store_in(tmp_path), fine, **TPE), Formula())
    fan, pump = search.results
    assert len(fan.settings) == len(pump.settings) == 48 and fan.settings != pump.settings
    for best in best_of(search).values():
        assert abs(best["encoder.r"] - 0.7) <= 0.1


def test_progress_counts_what_was_known_too(tmp_path):
    store, told = store_in(tmp_path), []
    search, work = search_for(store)
    with contextlib.suppress(Killed):
        run(search, work, Formula(), 2)
    search, work = search_for(store)
    search_here(search, lambda batch: evaluate_batch(work, batch, Formula()), lambda *counts: told.append(counts))
    assert told[-1] == (99, 99) and told[0][0] < told[1][0]


def test_an_outcome_keeps_its_figures_apart_by_machine(tmp_path):
    search = run(*search_for(store_in(tmp_path), per="global"), Formula())
    (results,) = search.results
    aucs = np.stack([results.figures[machine][:, 0] for machine in range(3)])
    assert results.objectives == pytest.approx(aucs.mean(axis=0), nan_ok=True)
    assert results.setting_ids.keys() == {"fan", "pump"}


def test_where_all_settings_tie_the_recipes_own_comes_first(tmp_path):
    def all_alike(machine, recipe, settings):
        return [SettingScore(setting, 1.0, 1.0, clip_scores=np.arange(80.0)) for setting in settings]

    search = run(*search_for(store_in(tmp_path)), all_alike)
    for results in search.results:
        best = results.settings[best_first(results.objectives, results.changed)[0]]
        assert best == {"encoder.r": 1.0, "detector.k": KNN.for_machine("").detector.k}
