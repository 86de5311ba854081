import os
import time
from functools import partial

import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.combine import combine
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from cluster.engine import RayEngine
from cluster.resources import Resources
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble
from tests.cluster.noise_clips import rows, shards_of
from tests.fleet import NIGHTS, by_uri, listed


@pytest.mark.parametrize(("decode", "gpus"), [("in-encoder", 0), ("tasks", 0), ("auto", 1)])
def test_ray_commits_the_rows_of_one_process_to_the_bit(ray_session, tmp_path, decode, gpus):
    engine = RayEngine(Resources(decode=decode, gpus_per_encoder=gpus))
    stores = [Store(LocalFiles(tmp_path / name)) for name in ("ray", "local")]
    told = []
    for store, chosen in zip(stores, (engine, LocalEngine()), strict=True):
        outcomes = [outcome for _, outcome in chosen.embed(store.files.url, shards_of(tmp_path, chosen.workers))]
        errors = sorted(error for outcome in outcomes for error in outcome.errors.items())
        told.append((errors, sorted(clip_id for outcome in outcomes for clip_id in outcome.transient)))
    assert rows(stores[0]) == rows(stores[1])
    assert len(rows(stores[0])) == 11
    assert told[0] == told[1]
    assert [reason for _, reason in told[0][0]] == ["empty"] and len(told[0][1]) == 1


def test_results_of_a_map_come_in_the_order_of_the_items(ray_session):
    assert list(RayEngine().map(partial(pow, 2), range(20))) == [2**i for i in range(20)]


def test_a_failure_in_a_worker_is_the_same_failure_here(ray_session):
    with pytest.raises(AsdError, match="no such thing"):
        list(RayEngine().map(_fail, [1]))


def _fail(item):
    raise AsdError("no such thing")


def _variable(name):
    return os.environ.get(name)


def test_more_gpus_than_there_are_is_refused(ray_session):
    with pytest.raises(AsdError, match="an encoder wants 3 GPU, but the largest node has 2: lower --gpus"):
        RayEngine(Resources(gpus_per_encoder=3))


def test_a_cluster_that_may_grow_gets_work_for_its_largest_size(ray_session, monkeypatch):
    monkeypatch.setenv("ASD_CLUSTER_CPUS", "24")
    monkeypatch.setenv("ASD_CLUSTER_GPUS", "8")
    assert RayEngine(Resources(cpus_per_worker=3)).workers == 8
    assert RayEngine(Resources(gpus_per_encoder=3)).device == "cuda"
    with pytest.raises(AsdError, match="an encoder wants 9 GPU, but the largest node has 8"):
        RayEngine(Resources(gpus_per_encoder=9))


def test_more_cpus_than_any_node_has_are_refused(ray_session):
    with pytest.raises(AsdError, match="a worker wants 64 CPUs, but the largest node has 2: lower --cpus-per-worker"):
        RayEngine(Resources(cpus_per_worker=64))


@pytest.mark.parametrize("decode", ["in-encoder", "tasks"])
def test_a_cluster_without_room_for_a_worker_is_said_in_one_line_in_bounded_time(ray_session, tmp_path, decode):
    import ray

    engine = RayEngine(Resources(decode=decode), no_progress_seconds=0.5)
    shards = shards_of(tmp_path, 1)
    group = ray.util.placement_group([{"CPU": 2}])  # takes every CPU, as another job does
    try:
        ray.get(group.ready(), timeout=60)
        start = time.monotonic()
        for work in (engine.embed((tmp_path / "store").as_uri(), shards), engine.map(abs, [1])):
            with pytest.raises(AsdError, match="no worker finished anything for 0.5 s: see whether") as refused:
                list(work)
            assert "\n" not in str(refused.value)
        assert time.monotonic() - start < 30
    finally:
        ray.util.remove_placement_group(group)


def test_workers_have_one_blas_thread(ray_session):
    assert list(RayEngine().map(_variable, ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"])) == ["1", "1"]


def test_ray_scores_with_an_ensemble_as_one_process_does(ray_session, tmp_path):
    archive, store, recipe = fitted_ensemble(tmp_path)
    clips = listed(archive, date=NIGHTS[2])
    local = store.read_scores(score(store, recipe, clips, LocalEngine()))
    on_ray = store.read_scores(score(store, recipe, clips, RayEngine(), job="nightly"))
    assert by_uri(on_ray) == by_uri(local)
    assert combine(store, recipe, RayEngine())[0]["counts"]["new_scorers"] == 0
