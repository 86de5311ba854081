from contextlib import closing

import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from cluster.auto_engine import AutoEngine, in_words
from cluster.engine import RayEngine
from tests.cluster.noise_clips import rows, shards_of


@pytest.fixture
def processes():
    with closing(ProcessEngine(2)) as made:
        yield made


def embedded(engine, folder, name):
    store = Store(LocalFiles(folder / name))
    outcomes = list(engine.embed(store.files.url, shards_of(folder, engine.workers)))
    return rows(store), len(outcomes)


def test_little_work_is_done_in_processes_and_ray_is_not_started(processes, tmp_path):
    said = []
    found, _ = embedded(AutoEngine(processes, pytest.fail, said.append), tmp_path, "store")
    assert len(found) == 11
    assert said == ["12 clips, some 1 s of work: done in 2 processes of this machine, without Ray"]


def test_much_work_is_done_on_ray_and_all_that_follows_too(processes, tmp_path):
    said, started = [], []

    def start():
        started.append(LocalEngine())
        return started[-1]

    engine = AutoEngine(processes, start, said.append, ray_pays=0.0)
    embedded(engine, tmp_path, "a")
    embedded(engine, tmp_path, "b")
    assert len(started) == 1 and said == ["12 clips, some 1 s of work: starting Ray on this machine"]


def test_where_ray_does_not_start_its_reason_is_said_and_the_work_is_done_all_the_same(processes, tmp_path):
    said = []

    def fails():
        raise AsdError("cannot start Ray: no room in /dev/shm")

    found, _ = embedded(AutoEngine(processes, fails, said.append, ray_pays=0.0), tmp_path, "store")
    assert len(found) == 11 and "note: cannot start Ray: no room in /dev/shm; done in 2 processes" in said[1]


def test_the_rows_of_processes_are_those_of_ray_to_the_bit(ray_session, processes, tmp_path):
    here = AutoEngine(processes, pytest.fail, lambda line: None)
    on_ray = AutoEngine(processes, RayEngine, lambda line: None, ray_pays=0.0)
    assert embedded(here, tmp_path, "here") == embedded(on_ray, tmp_path, "ray")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.01, "1 s"), (3.2, "3 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h")]
)
def test_a_length_of_time_is_said_in_a_unit_that_suits_it(seconds, words):
    assert in_words(seconds) == words


class NoProcesses(ProcessEngine):
    """An engine on a machine that lets no process start."""

    def start(self):
        raise AsdError("no worker process can be started (Connection refused)")


def test_where_no_process_can_be_started_the_work_is_done_in_this_one(tmp_path):
    said = []
    engine = AutoEngine(NoProcesses(2, here_seconds=0.0), pytest.fail, said.append)
    found, _ = embedded(engine, tmp_path, "store")
    assert len(found) == 11 and said[1].endswith("(Connection refused): done in this process")
    assert list(NoProcesses(2, here_seconds=0.0).map(abs, [-1, 2])) == [1, 2]
    assert list(engine.map(abs, [-3])) == [3]
