import gc
import json

import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from cluster.engine import RayEngine
from cluster.resources import Resources
from tests.cluster.loud_clips import rows, shards_of


@pytest.mark.parametrize("decode", ["in-encoder", pytest.param("tasks", marks=pytest.mark.slow)])
def test_a_clip_that_kills_its_process_is_one_error_row_and_no_good_clip_is_blamed(ray_session, tmp_path, decode):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud={7}, count=12)
    committed = list(RayEngine(Resources(decode=decode)).embed(store.files.url, shards))
    found = rows(store)
    assert len(found) == sum(len(shard.clips) for shard, _ in committed) == 12
    errors = {row["uri"].rsplit("/")[-1]: row["error_reason"] for row in found.values() if row["error_reason"]}
    assert errors == {"7.wav": "crashed"}
    assert [reason for _, outcome in committed for reason in outcome.errors.values()] == ["crashed"]


@pytest.mark.filterwarnings("ignore:The minimum number of concurrent actors")
@pytest.mark.slow
def test_decoders_that_die_again_and_again_end_the_pass_and_blame_no_clip(ray_session, tmp_path):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, set(), count=20, kind="KillsDecoders")
    list(RayEngine(Resources(decode="tasks")).embed(store.files.url, shards))
    found = rows(store)
    assert len(found) == 20 and not [row for row in found.values() if row["error_reason"]]


def test_an_encoder_that_raises_is_said_at_once_and_blames_no_clip(ray_session, tmp_path):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud=set(), kind="Fails")
    with pytest.raises(AsdError, match="an encoder failed: weights do not fit"):
        list(RayEngine().embed(store.files.url, shards))
    assert rows(store) == {}


def test_a_stream_that_fails_gives_its_cpus_back_at_once(ray_session, tmp_path):
    import ray

    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud=set(), kind="Fails")
    gc.disable()
    try:
        with pytest.raises(AsdError, match="an encoder failed"):
            list(RayEngine().embed(store.files.url, shards))
        group = ray.util.placement_group([{"CPU": 2}])
        try:
            ray.get(group.ready(), timeout=30)
        finally:
            ray.util.remove_placement_group(group)
    finally:
        gc.enable()


@pytest.mark.parametrize("loud", [set(), pytest.param({7}, marks=pytest.mark.slow)])
def test_a_gpu_that_fails_ends_its_process_and_only_a_clip_that_always_breaks_it_is_blamed(ray_session, tmp_path, loud):
    marker = tmp_path / "failed"
    options = json.dumps({"marker": str(marker)})
    shards = shards_of(tmp_path, loud=loud, count=12, kind="GpuFails", options=options)
    store = Store(LocalFiles(tmp_path / "store"))
    list(RayEngine(Resources(gpus_per_encoder=1.0)).embed(store.files.url, shards))
    found = rows(store)
    errors = {row["uri"].rsplit("/")[-1]: row["error_reason"] for row in found.values() if row["error_reason"]}
    assert len(found) == 12 and errors == {f"{n}.wav": "crashed" for n in loud} and marker.exists()
