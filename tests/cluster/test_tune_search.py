import numpy as np
import pytest
from ray.tune.schedulers import ASHAScheduler

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.tune import run_here, tune
from asd_core.store.addresses import open_files
from asd_core.store.store import Store
from asd_core.tuning.request import SearchRequest
from asd_core.tuning.space.space import new_space
from asd_core.tuning.validations import labelled_validations
from cluster.engine import RayEngine
from cluster.resources import Resources
from cluster.tune_search import search_on_tune
from tests.asd_core.tuning.gather.recordings import parts, write_machines
from tests.asd_core.tuning.searching import MACHINES, run, search_for, store_in
from tests.cluster.searchers import DEADLY, by_formula, dying_of_one_setting, failing, hanging

FINE = {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.01}, "detector.k": {"grid": [1, 2, 4]}}


def on_tune(search, work, evaluate=by_formula, told=lambda done, total: None, **options):
    search_on_tune(search, work, told, resources=Resources(), evaluate=evaluate, **options)
    return search


def on_workers(*given):
    return search_on_tune(*given, resources=Resources())


def objectives_of(search):
    return np.concatenate([results.objectives for results in search.results])


@pytest.mark.parametrize(
    "asked", [{"method": "tpe", "count": 32, "per": "global"}, pytest.param({"tables": FINE}, marks=pytest.mark.slow)]
)
def test_a_search_on_ray_tune_is_that_of_one_process_and_in_the_store(ray_session, tmp_path, asked):
    store, told = store_in(tmp_path / "ray"), []
    there = on_tune(*search_for(store, **asked), told=lambda *counts: told.append(counts))
    here = run(*search_for(store_in(tmp_path / "here"), **asked), by_formula)
    assert [r.settings for r in there.results] == [r.settings for r in here.results]
    np.testing.assert_array_equal(objectives_of(there), objectives_of(here))
    assert told[-1] == (there.total, there.total) and there.evaluated == here.evaluated
    assert run(*search_for(store, **asked), failing).evaluated == 0


@pytest.mark.slow
def test_a_setting_that_ends_its_worker_is_found_out_and_no_other_is_lost(ray_session, tmp_path):
    few = {"encoder.r": {"grid": [0.5, 0.9]}, "detector.k": {"grid": [4]}}
    search = on_tune(*search_for(store_in(tmp_path), few, machines=MACHINES[:1]), dying_of_one_setting)
    (results,) = search.results
    assert results.settings[0] == DEADLY and results.errors == {0: "two workers died over it"}
    assert search.crashed == 1 and search.evaluated == 1 and np.isfinite(results.objectives[1])


def test_what_goes_wrong_in_a_worker_is_one_line(ray_session, tmp_path):
    with pytest.raises(AsdError, match="a batch failed: no space left; the same command goes on") as refused:
        on_tune(*search_for(store_in(tmp_path)), failing)
    assert "\n" not in str(refused.value)


@pytest.mark.slow
def test_a_search_in_which_nothing_happens_ends(ray_session, tmp_path):
    with pytest.raises(AsdError, match="no worker finished anything for 0.01 s"):
        on_tune(*search_for(store_in(tmp_path)), hanging, no_progress_seconds=0.01)


def test_a_scheduler_for_trials_that_report_often_has_no_say_in_batches(ray_session, tmp_path):
    scheduler = ASHAScheduler(time_attr="training_iteration", metric="objective", mode="max")
    few = {"encoder.r": {"grid": [0.5, 0.9]}}
    search = on_tune(*search_for(store_in(tmp_path), few, machines=MACHINES[:1]), scheduler=scheduler)
    assert search.is_finished and search.evaluated == 2


def test_a_folder_for_data_may_be_named_from_where_one_stands(ray_session, tmp_path, monkeypatch):
    clips = write_machines(tmp_path / "archive", {"fan": ["00"]})
    validations, _ = labelled_validations(*parts(clips))
    monkeypatch.chdir(tmp_path)
    order = SearchRequest(new_space({"encoder.r": {"grid": [0.5, 1.0]}}), data="data")
    record = tune(
        store_in(tmp_path / "store"), load_recipe("twfr-knn"), clips, validations, order, RayEngine(), on_workers
    )
    assert record["counts"]["evaluated"] == 2 and list((tmp_path / "data").rglob("*.npy"))


def test_a_search_of_recordings_on_s3_is_that_of_a_folder(ray_session, tmp_path, bucket):
    clips = write_machines(tmp_path / "archive", {"fan": ["00"]})
    validations, _ = labelled_validations(*parts(clips))
    order = SearchRequest(new_space({"encoder.r": {"grid": [0.5, 1.0]}, "detector.k": {"grid": [1, 2]}}))
    found = []
    for home, engine, runner in (
        (f"{bucket}/store", RayEngine(), on_workers),
        (str(tmp_path / "store"), LocalEngine(), run_here),
    ):
        store = Store(open_files(home))
        record = tune(store, load_recipe("twfr-knn"), clips, validations, order, engine, runner)
        assert not store.files.list("tuning/data")
        found.append((record["best"], record["run_id"], record["counts"]))
    assert found[0] == found[1]
