import pytest

from asd_core.errors import UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from cluster.auto_engine import AutoEngine
from jobs.engines import engine_named, open_engine

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
