import os
import signal
import time

import pytest
import torch

from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from asd_core.recipe.recipe import load_recipe
from cluster.auto_engine import AutoEngine
from jobs.engines import cpu_note, engine_named, open_engine
from tests.cluster.kills import FIRST, Command, processes
from tests.fleet import write_fleet

PLAIN = {
    "engine": "auto",
    "local": False,
    "ray_address": None,
    "cpus": None,
    "cpus_per_worker": 1.0,
    "gpus_per_encoder": 0.0,
    "encoders": None,
    "decode": "auto",
}


@pytest.fixture(autouse=True)
def no_address(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "auto"),
        ({"local": True}, "local"),
        ({"local": True, "engine": "local", "cpus": 1}, "local"),
        ({"engine": "processes", "cpus": 4}, "processes"),
        ({"ray_address": "auto"}, "ray"),
        ({"gpus_per_encoder": 0.5}, "ray"),
        ({"engine": "ray", "cpus": 2}, "ray"),
        ({"local": True, "gpus_per_encoder": 1.0}, "local"),
    ],
)
def test_options_name_an_engine(given, name):
    assert engine_named({**PLAIN, **given}) == name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"local": True, "engine": "ray"}, "--local and --engine ray exclude each other"),
        ({"local": True, "ray_address": "auto"}, "--local and --ray-address exclude each other"),
        ({"engine": "processes", "ray_address": "auto"}, "--engine processes and --ray-address exclude each other"),
        ({"engine": "local", "cpus": 2}, "--engine local works in one process, so --cpus 2 has no place"),
        ({"engine": "processes", "gpus_per_encoder": 1.0}, "--engine processes shares out no GPU"),
        ({"engine": "ray", "ray_address": "auto", "cpus": 2}, "--cpus is for this machine and --ray-address for a"),
        ({"gpus_per_encoder": 1.5}, "--gpus 1.5: above 1 there are only whole GPUs"),
        ({"gpus_per_encoder": 1e-5}, "--gpus 1e-05: the least share of a GPU is 0.0001"),
    ],
)
def test_options_that_exclude_each_other_are_refused_in_one_line(given, message):
    with pytest.raises(UsageError, match=message) as refused:
        engine_named({**PLAIN, **given})
    assert "\n" not in str(refused.value)


def test_a_cluster_in_the_environment_is_joined_unless_another_engine_is_named(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    assert engine_named(PLAIN) == "ray"
    assert engine_named({**PLAIN, "local": True}) == "local"
    assert engine_named({**PLAIN, "engine": "processes"}) == "processes"


@pytest.mark.parametrize(
    ("given", "kind", "workers"),
    [
        ({"engine": "local"}, LocalEngine, 1),
        ({"engine": "processes", "cpus": 3}, ProcessEngine, 3),
        ({"cpus": 4, "cpus_per_worker": 2.0}, AutoEngine, 2),
        ({"cpus": 1, "cpus_per_worker": 4.0}, AutoEngine, 1),
    ],
)
def test_the_engine_that_is_opened_has_a_worker_for_every_so_many_cpus(given, kind, workers):
    with open_engine(print, {**PLAIN, **given}) as engine:
        assert isinstance(engine, kind) and engine.workers == workers


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_this_process_cannot_use_is_refused_in_one_line():
    refused = pytest.raises(AsdError, match=r"--gpus 1: this process can use no GPU \(.+\): leave --gpus out$")
    with refused, open_engine(print, {**PLAIN, "local": True, "gpus_per_encoder": 1.0}):
        pass


@pytest.mark.parametrize(("recipe", "note"), [("twfr-gmm", "note: twfr computes on CPUs: --gpus"), ("clap-knn", "")])
def test_encoders_that_leave_a_gpu_alone_are_said(recipe, note):
    assert cpu_note(load_recipe(recipe)).startswith(note) and bool(cpu_note(load_recipe(recipe))) is bool(note)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_is_stopped_says_so_and_its_processes_end_with_it(tmp_path, stop):
    write_fleet(tmp_path / "archive", clips=60)
    recipe = tmp_path / "slow.toml"
    recipe.write_text('[encoder]\nkind = "tests.cluster.killers:KilledByLoudClips"\n[detector]\nkind = "memory_bank"\n')
    line = ["embed", tmp_path / "archive", "--recipe", recipe, "--store", tmp_path / "store"]
    with Command(tmp_path, *line, "--engine", "processes", "--json") as command:
        assert command.wait_for(FIRST), command.said
        os.killpg(command.pid, stop)
        code, _ = command.end(60)
        assert code == 3 and command.said.endswith("interrupted; the same command goes on from here\n"), command.said
        assert "Traceback" not in command.said
        end = time.monotonic() + 20
        while (left := of_session(command.pid)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not left


def of_session(number):
    return [name for _, session, name in processes().values() if session == number]
