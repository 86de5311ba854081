import os
import time
from pathlib import Path

import pytest
import torch

from asd_core.errors import AsdError
from cluster.engine import RayEngine
from cluster.gpu_workers import GpuWorkers
from cluster.resources import Resources

ON_GPU = Resources(gpus_per_encoder=1.0)


@pytest.fixture(scope="module")
def workers(ray_session):
    """Workers on both GPUs for all tests here: each imports torch. Closed, they start again when they are needed."""
    made = GpuWorkers(ON_GPU, 2, 60.0)
    yield made
    made.close()


def process(_):
    time.sleep(0.05)
    return os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"]


def both(mapped):
    """The two processes of a map that is run until both have come to do something."""
    found, end = set(), time.monotonic() + 60
    while len(found) < 2 and time.monotonic() < end:
        found |= set(mapped())
    return found


def test_processes_and_their_gpus_stay_from_item_to_item_and_from_map_to_map(workers):
    first = both(lambda: workers.map(process, range(10)))
    assert len(first) == len({pid for pid, _ in first}) == len({gpu for _, gpu in first}) == 2
    assert set(workers.map(process, range(10))) <= first


def late_first(item):
    time.sleep(0.3 if item == 0 else 0)
    return item**2


def test_results_come_in_the_order_of_the_items_which_are_taken_as_they_are_needed(workers):
    taken = []
    results = workers.map(late_first, (taken.append(n) or n for n in range(20)))
    assert next(results) == 0 and len(taken) <= 4
    assert list(results) == [n**2 for n in range(1, 20)]


def fail_once(place):
    """Fail as a GPU does, in the first process that comes here."""
    if not Path(place).exists():
        Path(place).write_text(str(os.getpid()))
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")
    return os.getpid()


def test_a_process_whose_gpu_fails_is_left_and_its_item_is_done_by_another(workers, tmp_path):
    place = tmp_path / "first"
    (pid,) = workers.map(fail_once, [str(place)])
    assert int(place.read_text()) != pid


def always_fail(_):
    raise RuntimeError("CUDA error: device-side assert triggered")


@pytest.mark.slow
def test_an_item_that_breaks_every_gpu_ends_the_map_in_one_line(workers):
    with pytest.raises(AsdError, match="a worker died: .*the same command goes on") as refused:
        list(workers.map(always_fail, [1]))
    assert "\n" not in str(refused.value)


def refuse(item):
    if item == 1:
        raise AsdError("no such thing")
    return item


def test_a_failure_of_the_function_is_the_same_failure_here_and_workers_live_on(workers):
    before = set(workers.map(process, range(4)))
    with pytest.raises(AsdError, match="no such thing"):
        list(workers.map(refuse, range(4)))
    assert set(workers.map(process, range(4))) & before


def test_a_map_that_is_given_up_leaves_nothing_to_the_next(workers):
    started = workers.map(late_first, range(8))
    next(started)
    started.close()
    assert list(workers.map(refuse, [5, 6, 7])) == [5, 6, 7]


def test_a_cluster_whose_gpus_are_taken_is_said(workers):
    results = workers.map(late_first, range(4))
    next(results)
    end = time.monotonic() + 30
    while len(workers._idle) + len(workers._busy) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    waiting = GpuWorkers(ON_GPU, 2, 0.5)
    with pytest.raises(AsdError, match="no worker finished anything for 0.5 s"):
        list(waiting.map(refuse, [3]))
    results.close()
    waiting.close()


def test_an_engine_keeps_its_workers_and_gives_their_gpus_to_encoders(workers):
    import ray

    workers.close()
    engine = RayEngine(ON_GPU)
    found = both(lambda: engine.map(process, range(6), on_gpu=True))
    assert set(engine.map(process, range(6), on_gpu=True)) <= found and os.getpid() not in {pid for pid, _ in found}
    engine.embed("file:///nowhere", [])
    end = time.monotonic() + 30
    while ray.available_resources().get("GPU", 0) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert ray.available_resources()["GPU"] == 2
