"""A search over a fleet that is killed again and again, as a machine that loses its power ends it."""

import os
import secrets
import threading
import time

import numpy as np
import pytest

from tests.asd_core.tuning.gather.recordings import write_machines
from tests.benchmarks.process_tree import memory
from tests.cluster.kills import Command, Nodes
from tests.cluster.searchers import rows_in

SEED = int(os.environ.get("ASD_KILL_SEED") or secrets.randbelow(2**31))
KILLS, MACHINES, SETTINGS = 5, 20, 10_080
MOST_MIB = 1500  # of the command, its workers and Ray's own processes, besides the object store
SPACE = """
"encoder.r" = { low = 0.0, high = 1.11, step = 0.01 }
"detector.k" = { grid = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16] }
"detector.density" = { choice = ["none", "nearest", "least"] }
"detector.density_k" = { grid = [4, 8, 16] }
"""


class Watch:
    """The most memory that a command was seen to use."""

    def __init__(self, command):
        self.peak = 0.0
        self._pid, self._thread = command.pid, threading.Thread(target=self._look, args=(command,), daemon=True)
        self._thread.start()

    def _look(self, command):
        while command.is_running:
            self.peak = max(self.peak, memory(self._pid).processes)
            time.sleep(1.0)


def files_in(store):
    return list(store.glob("tuning/results/*/*.parquet"))


def wait_for_batches(command, store, count):
    while len(files_in(store)) < count:
        assert command.is_running, command.said
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_settings_over_twenty_machines_survive_five_kills_within_their_memory(tmp_path):
    rng = np.random.default_rng([SEED, 5])
    write_machines(
        tmp_path / "archive", {kind: [f"{n:02d}" for n in range(5)] for kind in ("fan", "gear", "pump", "valve")}
    )
    (tmp_path / "space.toml").write_text(SPACE)
    store, finished, peaks = tmp_path / "store", [], []
    words = ("tune", tmp_path / "archive", "--recipe", "twfr-knn", "--space", tmp_path / "space.toml")
    words = (*words, "--store", store, "--engine", "ray", "--cpus", "2", "--json")
    for kill in range(KILLS + 1):
        with Command(tmp_path, *words) as command:
            watch = Watch(command)
            assert command.wait_for("evaluating settings: ", 600), command.said
            if kill < KILLS:
                batches, moment = int(rng.integers(0, 5)), rng.uniform(0, 3)
                wait_for_batches(command, store, len(files_in(store)) + batches)
                time.sleep(moment)
                assert command.is_running, command.said
                command.kill()
                said = f"killed {moment:.1f} s after {batches} batches"
            else:
                start = time.monotonic()
                code, summary = command.end(3000)
                said = f"exit {code} after {time.monotonic() - start:.0f} s, {summary and summary['stages']}"
        rows = rows_in(store)
        peaks.append(watch.peak)
        print(f"turn {kill} seed {SEED}: {said}; {len(rows)} rows, at most {watch.peak:.0f} MiB")
        assert set(finished) <= set(rows) and len(rows) == len(set(rows))
        finished = rows
    assert (code, summary["settings"], summary["machines"]) == (0, SETTINGS, MACHINES)
    assert len(finished) == SETTINGS * MACHINES and max(peaks) < MOST_MIB


@pytest.mark.slow
def test_a_search_on_several_nodes_survives_the_loss_of_one(tmp_path, s3_server):
    write_machines(tmp_path / "archive", {"fan": ["00", "01"], "valve": ["00"]})
    (tmp_path / "space.toml").write_text(SPACE.replace("1.11, step = 0.01", "1.0, step = 0.05"))
    words = ("tune", tmp_path / "archive", "--recipe", "twfr-knn", "--space", tmp_path / "space.toml")
    summaries = []
    with Nodes(head=0, workers=(1, 1)) as nodes:
        for name, where in (("nodes", ("--ray-address", nodes.address)), ("here", ("--local",))):
            with Command(tmp_path, *words, "--store", tmp_path / name, "--json", *where) as command:
                assert command.wait_for("evaluating settings: "), command.said
                if name == "nodes":
                    wait_for_batches(command, tmp_path / "nodes", 2)
                    nodes.lose_one(np.random.default_rng([SEED, 6]))
                code, summary = command.end()
            assert code == 0, command.said
            summaries.append({kind: best["setting"] for kind, best in summary["best"].items()})
    assert summaries[0] == summaries[1] and summary["failed"] == 0
    assert len(rows_in(tmp_path / "nodes")) == len(set(rows_in(tmp_path / "nodes"))) == 21 * 90 * 3
