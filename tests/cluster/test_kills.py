"""A night that is interrupted at a random moment ends, by the same command again, in the rows of an unbroken one.

ASD_KILL_TIMES says how often each kind of interruption is tried, ASD_KILL_SEED which moments; what was done is printed.
"""

import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asd_core.store.addresses import open_files
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from cluster.engine import RayEngine
from tests.cluster.fleet import NORMAL, NORMALS, RECIPE, broken_of, write_fleet
from tests.cluster.kills import FIRST, Command, Nodes, kill_a_worker, processes, run
from tests.cluster.loud_clips import rows as embedded_rows
from tests.cluster.loud_clips import shards_of
from tests.command import asd

SEED = int(os.environ.get("ASD_KILL_SEED") or secrets.randbelow(2**31))
TIMES = range(int(os.environ.get("ASD_KILL_TIMES", "5")))
KILLED = '[encoder]\nkind = "tests.cluster.killers:KilledByLoudClips"\nclip_seconds = 0.25\n'
MOST_SECONDS = 240  # that an interrupted night may take: a guard that had to step in would be far above


@dataclass
class Plant:
    """A fleet and a store with its scorers, copied for every night; commands run on one kind of engine."""

    home: str
    folder: Path
    clips: int
    engine: tuple[str, ...]

    def night(self):
        """A fresh copy of the store, and the command that scores the night into it."""
        target = f"{self.home}/{secrets.token_hex(4)}"
        fitted, files = open_files(f"{self.home}/fitted"), open_files(target)
        for info in fitted.list():
            files.write(info.path, fitted.read(info.path))
        return Store(files), ("nightly", f"{self.home}/archive", *RECIPE, "--store", target, "--json")

    @cached_property
    def unbroken(self):
        """The rows of a night that nothing happens to, and for how long it is at work."""
        store, line = self.night()
        with Command(self.folder, *line, *self.engine) as command:
            assert command.wait_for(FIRST), command.said
            start = time.monotonic()
            code, counts = command.end()
        assert (code, counts["listed"], counts["errors"]) == (0, self.clips, broken_of(self.clips)), command.said
        return rows_of(store), time.monotonic() - start

    def interrupted(self, kind, turn, kill):
        """A night that meets with ``kill(command, rng)`` at a random moment of its work, and how it ended."""
        rng = np.random.default_rng([SEED, turn, *kind.encode()])
        _, seconds = self.unbroken
        for _ in range(20):
            store, line = self.night()
            with Command(self.folder, *line, *self.engine) as command:
                assert command.wait_for(FIRST), command.said
                start, moment = time.monotonic(), rng.uniform(0, seconds)
                time.sleep(moment)
                if command.is_running and (killed := kill(command, rng)):
                    code, _ = command.end(MOST_SECONDS)
                    took = time.monotonic() - start
                    print(f"{kind} {turn} seed {SEED}: {killed} killed after {moment:.2f} of {seconds:.1f} s, ", end="")
                    print(f"exit {code} after {took:.1f} s, said {command.said.splitlines()[-1]!r}")
                    return store, line, code
        raise AssertionError("the nights were over before anything could be killed")

    def is_finished_by_the_same_command(self, store, line):
        """Run it again, and then once more for nothing."""
        start = time.monotonic()
        code, counts, said = run(self.folder, *line, *self.engine)
        print(f"  again: exit {code} in {time.monotonic() - start:.1f} s, decoded {(counts or {}).get('decoded')}")
        assert (code, counts and counts["listed"]) == (0, self.clips), said
        rows, _ = self.unbroken
        assert rows_of(store) == rows
        before = listing(store)
        code, counts, said = run(self.folder, *line, "--local")
        assert (code, counts["decoded"]) == (0, 0), said
        assert listing(store) == before


def rows_of(store):
    """Clip id → row of the one night in a store, read through its record."""
    (record,) = store.runs("nightly")
    rows = store.read_scores(record).to_pylist()
    found = {row["clip_id"]: row for row in rows}
    assert len(found) == len(rows) == record["counts"]["listed"]
    return found


def listing(store):
    return {info.path: (info.size, info.version) for info in store.files.list()}


def place(kind, tmp_path_factory, s3_server):
    """An empty folder or bucket."""
    if kind == "folder":
        return str(tmp_path_factory.mktemp("kills"))
    name = f"kills-{secrets.token_hex(6)}"
    s3_server.create_bucket(Bucket=name)
    return f"s3://{name}"


def plant_at(home, folder, engine, **size):
    clips = write_fleet(f"{home}/archive", **size)
    nights = ("--since", NORMAL, "--until", NORMAL)
    said = asd("fit", f"{home}/archive", *RECIPE, "--store", f"{home}/fitted", *nights, "--local", "--quiet")
    assert said.code == 0, said.err
    return Plant(home, folder, clips, engine)


@pytest.fixture(scope="module", params=["folder", "s3"])
def home(request, tmp_path_factory, s3_server):
    return place(request.param, tmp_path_factory, s3_server)


@pytest.fixture(scope="module")
def plant(home, tmp_path_factory):
    return plant_at(home, tmp_path_factory.mktemp("said"), ("--engine", "ray", "--cpus", "2"))


@pytest.fixture(scope="module")
def nodes(s3_server):
    """A head without CPUs and two nodes with two each."""
    with Nodes(head=0, workers=(2, 2)) as nodes:
        yield nodes


@pytest.fixture(scope="module")
def clustered(plant, nodes):
    return Plant(plant.home, plant.folder, plant.clips, ("--ray-address", nodes.address))


def all_of_it(command, rng):
    command.kill()
    return "driver"


@pytest.mark.slow
@pytest.mark.parametrize("turn", TIMES)
def test_a_driver_that_is_killed(plant, turn):
    store, line, code = plant.interrupted("driver", turn, all_of_it)
    assert code == -9
    plant.is_finished_by_the_same_command(store, line)


@pytest.mark.slow
@pytest.mark.parametrize("turn", TIMES)
def test_a_driver_of_a_cluster_that_is_killed(clustered, turn):
    store, line, code = clustered.interrupted("driver of a cluster", turn, all_of_it)
    assert code == -9
    clustered.is_finished_by_the_same_command(store, line)


@pytest.mark.slow
@pytest.mark.parametrize("turn", TIMES)
def test_a_worker_that_is_killed(plant, turn):
    store, line, code = plant.interrupted("worker", turn, lambda command, rng: kill_a_worker(command.raylets(), rng))
    assert code == 0
    plant.is_finished_by_the_same_command(store, line)


@pytest.mark.slow
@pytest.mark.parametrize("decode", ["in-encoder", "tasks"])
@pytest.mark.parametrize("turn", TIMES)
def test_a_node_that_is_lost(clustered, nodes, turn, decode):
    plant = Plant(clustered.home, clustered.folder, clustered.clips, (*clustered.engine, "--decode", decode))
    store, line, code = plant.interrupted(f"node {decode}", turn, lambda command, rng: nodes.lose_one(rng))
    assert code == 0
    plant.is_finished_by_the_same_command(store, line)
    nodes.mend()


@pytest.mark.slow
@pytest.mark.parametrize("decode", ["in-encoder", "tasks"])
@pytest.mark.parametrize("turn", TIMES)
def test_a_clip_that_kills_its_process_is_one_error_row_also_where_a_node_is_lost(nodes, tmp_path, turn, decode):
    rng = np.random.default_rng([SEED, turn, 1])
    clips = write_fleet(str(tmp_path / "archive"), machines=8, clips=40) + 8 * NORMALS
    loud = sorted((tmp_path / "archive").rglob("*.wav"))[rng.integers(clips)]
    soundfile.write(loud, rng.uniform(-1, 1, 4000), 16_000)
    recipe = tmp_path / "killed.toml"
    recipe.write_text(f"{KILLED}batch_size = 1\n[detector]\nkind = 'memory_bank'\n")
    line = ("embed", tmp_path / "archive", "--recipe", recipe, "--store", tmp_path / "store", "--json")
    with Command(tmp_path, *line, "--ray-address", nodes.address, "--decode", decode) as command:
        assert command.wait_for(FIRST), command.said
        start, moment = time.monotonic(), rng.uniform(0, 20)
        time.sleep(moment)
        lost = nodes.lose_one(rng) if command.is_running else "nothing"
        code, counts = command.end(MOST_SECONDS)
        took = time.monotonic() - start
    print(f"clip and {lost} {turn} seed {SEED} after {moment:.1f} s: exit {code} after {took:.1f} s")
    nodes.mend()
    assert code == 0, command.said
    reasons = error_reasons(Store(open_files(str(tmp_path / "store"))), clips)
    assert reasons.pop(LocalFiles(tmp_path / "archive").uri(str(loud.relative_to(tmp_path / "archive")))) == "crashed"
    assert set(reasons.values()) <= {"empty", "not_audio"} and len(reasons) in (3, 4)


def error_reasons(store, clips):
    """Uri → reason of the embedded clips that are errors, where every clip is in just one shard."""
    rows = []
    for info in store.files.list("embeddings"):
        _, fingerprint, kind, name = info.path.split("/")
        if kind == "shards":
            rows += store.read_shard(fingerprint, name.removesuffix(".parquet")).to_pylist()
    assert len(rows) == len({row["uri"] for row in rows}) == clips
    return {row["uri"]: row["error_reason"] for row in rows if row["error_reason"]}


@pytest.mark.slow
def test_encoders_that_could_fill_the_nodes_left_keep_no_decoder_from_a_cpu(tmp_path_factory, s3_server):
    plant = plant_at(place("folder", tmp_path_factory, s3_server), tmp_path_factory.mktemp("said"), ())
    with Nodes(head=0, workers=(3, 3)) as nodes:
        plant.engine = ("--ray-address", nodes.address, "--decode", "tasks", "--encoders", "3")
        store, line, code = plant.interrupted("node of 3 CPUs", 0, lambda command, rng: nodes.lose_one(rng))
        assert code == 0
        plant.is_finished_by_the_same_command(store, line)


@pytest.mark.slow
def test_workers_of_a_cluster_have_one_blas_thread(nodes):
    script = """
import os, sys
from cluster.engine import RayEngine
from cluster.session import session

with session(sys.argv[1]):
    print(set(RayEngine().map(lambda _: (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]), range(9))))
"""
    done = subprocess.run([sys.executable, "-c", script, nodes.address], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "{('1', '1')}", done.stderr


@pytest.fixture(scope="module")
def small(home, tmp_path_factory):
    """A plant that this machine scores in a second or two, without Ray."""
    return plant_at(f"{home}/small", tmp_path_factory.mktemp("said"), ("--local",), machines=12)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(20))
def test_two_nights_begun_together_are_one_result_and_no_row_is_there_twice(small, tmp_path, turn):
    rows, seconds = small.unbroken
    offset = np.random.default_rng([SEED, turn, 2]).uniform(0, seconds)
    store, line = small.night()
    (tmp_path / "second").mkdir()
    with Command(tmp_path, *line, *small.engine) as first:
        assert first.wait_for(FIRST), first.said
        time.sleep(offset)
        with Command(tmp_path / "second", *line, *small.engine) as second:
            codes = first.end()[0], second.end()[0]
    print(f"two nights {turn} seed {SEED}: {offset:.2f} of {seconds:.1f} s apart")
    assert codes == (0, 0), first.said + second.said
    assert rows_of(store) == rows


@pytest.mark.slow
def test_a_small_night_whose_process_is_killed_is_finished_by_the_same_command(tmp_path):
    plant = plant_at(str(tmp_path), tmp_path, ("--local",), machines=5)
    store, line, code = plant.interrupted("small driver", 0, all_of_it)
    assert code == -9
    plant.is_finished_by_the_same_command(store, line)


def test_a_worker_that_is_killed_blames_no_clip_and_loses_none(ray_session, tmp_path):
    (tmp_path / "wav").mkdir()
    store, killed = Store(LocalFiles(tmp_path / "store")), []
    raylets = [pid for pid, (parent, _, name) in processes().items() if parent == os.getpid() and "raylet/" in name]
    for _ in RayEngine().embed(store.files.url, shards_of(tmp_path / "wav", loud=set(), count=60)):
        killed = killed or [kill_a_worker(raylets, np.random.default_rng(0), "EncodeRows")]
    found = embedded_rows(store)
    assert killed != [None] and len(found) == 60
    assert not [row for row in found.values() if row["error_reason"]]
