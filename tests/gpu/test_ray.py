import os
import signal

import numpy as np
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.pipeline.embed_missing import embed
from asd_core.recipe.recipe import load_recipe
from asd_core.store.store import open_store
from cluster.engine import RayEngine
from cluster.resources import Resources
from tests.command import asd_process
from tests.fleet import NIGHTS, clip_path, write_fleet
from tests.llm_server import LlmServer

pytestmark = pytest.mark.gpu

RECIPE = "clap-knn-random"


@pytest.fixture(scope="module")
def clips(device, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    write_fleet(folder, clips=8 if device == "cuda" else 1)
    found = list_archive(str(folder)).clips
    return found if device == "cuda" else found.slice(0, 2)


def embedded(folder, clips, engine):
    """Embeddings by the name of their recording."""
    store, recipe = open_store(str(folder)), load_recipe(RECIPE)
    done = embed(store, recipe.encoders_of(clips), clips, engine)
    assert not done.errors_by_reason and not done.transient
    (fingerprint,) = (folder / "embeddings").iterdir()
    rows = {}
    for shard in (fingerprint / "shards").iterdir():
        table = store.read_shard(fingerprint.name, shard.stem)
        rows |= dict(zip(table["uri"].to_pylist(), table["embedding"].to_pylist(), strict=True))
    return np.array([rows[uri] for uri in sorted(rows)])


@pytest.fixture(scope="module")
def session(device):
    from cluster.session import session

    with session(cpus=4):
        yield


@pytest.fixture(scope="module")
def expected(clips, session, tmp_path_factory):
    few = clips.slice(0, 8)
    return embedded(tmp_path_factory.mktemp("cpu"), few, RayEngine(Resources()))


@pytest.mark.parametrize(("encoders", "decode"), [(1, "auto"), (2, "auto"), (1, "in-encoder")])
def test_embeddings_on_ray_are_the_cpus(clips, session, expected, gpus, tmp_path, encoders, decode):
    engine = RayEngine(Resources(gpus_per_encoder=gpus(encoders), decode=decode))
    found = embedded(tmp_path, clips.slice(0, 8), engine)
    assert (np.linalg.norm(found - expected, axis=1) <= 1e-4 * np.linalg.norm(expected, axis=1)).all()


def process(_):
    import torch

    return os.getpid(), torch.ones(1, device="cuda").device.type if torch.cuda.is_available() else "cpu"


def test_map_tasks_keep_their_processes_on_the_gpu(session, gpus, device):
    engine = RayEngine(Resources(gpus_per_encoder=gpus(1)))
    first, second = (set(engine.map(process, range(8), on_gpu=True)) for _ in range(2))
    assert {kind for _, kind in first} == {device}
    if device == "cuda":
        assert second == first and len(first) == 1


def test_an_encoder_that_is_killed_half_way_costs_no_clip(clips, session, gpus, tmp_path, device):
    import ray
    from ray.util.state import list_actors

    assert ray.is_initialized()
    engine = RayEngine(Resources(gpus_per_encoder=gpus(1), encoders=1))
    killed = []
    recipe = load_recipe(RECIPE)
    store = open_store(str(tmp_path))

    def kill_once(stage, done, total):
        if device == "cuda" and not killed and stage == "embedding clips" and 0 < done < total:
            (actor, *_) = [one for one in list_actors(filters=[("state", "=", "ALIVE")]) if one.pid]
            killed.append(actor.pid)
            os.kill(actor.pid, signal.SIGKILL)

    done = embed(store, recipe.encoders_of(clips), clips, engine, kill_once)
    assert not done.errors_by_reason and not done.transient and done.decoded == len(clips)


def test_a_night_with_captions_on_the_gpu(device, tmp_path):
    """On a CPU tests/jobs/test_clap_night.py does the same."""
    if device == "cpu":
        pytest.skip("minutes on a CPU")
    archive = write_fleet(tmp_path / "fleet", machines=("00",), clips=3)
    squeal = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), squeal, 16_000)
    store = ["--recipe", RECIPE, "--store", tmp_path / "store", "--gpus", "1", "--json"]
    fitted = asd_process("fit", archive, *store, "--since", NIGHTS[0], "--until", NIGHTS[1])
    assert fitted.code == 0, fitted.err
    with LlmServer(answer=lambda prompt: "This sound is unlike the others.") as llm:
        asking = ["--llm-base-url", llm.url, "--llm-model", "echo", "--llm-requests-per-minute", "6000"]
        said = asd_process("nightly", archive, *store, *asking, OPENAI_API_KEY="sk-none")
    assert said.code == 0, said.err
    assert said.json["captions"]["captioned"] == said.json["flagged"] > 0
