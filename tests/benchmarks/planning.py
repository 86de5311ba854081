"""(d) Time and peak memory of planning a manifest with a million clips."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.clips.archive import list_archive
from asd_core.pipeline.shards import Shard, ShardOutcome
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.embed import embed_run
from asd_core.store.store import open_store
from tests.benchmarks.figures import Figure
from tests.benchmarks.memory import ROOT
from tests.benchmarks.throughput import RECIPE, planned

WORKERS = 64  # of the cluster that is planned for


def planning(folder: Path, clips: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Read, plan and keep the books of a manifest, everything but the embedding itself, in processes of their own."""
    manifest = folder / "manifest.parquet"
    pq.write_table(manifest_of(clips), manifest)
    told = []
    for repeat in range(repeats):
        command = [sys.executable, "-m", "tests.benchmarks.planning", str(manifest), str(folder / f"plan-{repeat}")]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        told.append(json.loads(done.stdout))
        say(f"repeat {repeat + 1} of {repeats}: {told[-1]}")

    def values(name: str) -> tuple[float, ...]:
        return tuple(run[name] for run in told)

    name = f"d planning {clips:,} clips"
    return [
        Figure(name, "peak with manifest read and shards cut", values("plan_gib"), "GiB", None, 2.0),
        Figure(name, "peak of a whole run but embedding", values("run_gib"), "GiB"),
        Figure(name, "peak with libraries loaded and nothing done", values("start_gib"), "GiB"),
        Figure(name, "manifest read and checked", values("read_seconds"), "s"),
        Figure(name, f"shards cut for {WORKERS} workers", values("plan_seconds"), "s"),
        Figure(name, "a whole run but embedding", values("run_seconds"), "s"),
        Figure(name, "the same again, nothing left to embed", values("again_seconds"), "s"),
    ]


def manifest_of(clips: int) -> pa.Table:
    """The manifest of a fleet of a thousand machines; its files do not exist, which looking at them finds out."""
    machines = max(1, clips // 1000)
    number = np.arange(clips)
    machine, night = number % machines, number // machines // 20
    dates = np.datetime_as_string(np.datetime64("2024-01-01") + night)
    paths = [f"{m:04d}/{date}/{n:07d}.wav" for m, date, n in zip(machine, dates, number, strict=True)]
    return pa.table(
        {
            "path": paths,
            "machine_type": [f"type{m % 7}" for m in machine],
            "machine_id": [f"{m:04d}" for m in machine],
            "date": dates.tolist(),
        }
    )


class NoWork:
    """An engine that says at once that everything is committed."""

    workers = WORKERS

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        return ((shard, ShardOutcome(shard.name, {}, {})) for shard in shards)

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        return map(function, items)


def measure(manifest: str, store: str) -> dict[str, float]:
    """Seconds of each stage, and the process's peak in GiB after it."""
    told = {"start_gib": _peak_gib()}
    start = time.perf_counter()
    clips = list_archive(manifest).clips
    told["read_seconds"] = time.perf_counter() - start
    start = time.perf_counter()
    shards = planned(clips, WORKERS)
    told["plan_seconds"] = time.perf_counter() - start
    told["plan_gib"], told["shards"] = _peak_gib(), len(shards)
    del shards
    for name in ("run", "again"):
        start = time.perf_counter()
        embed_run(open_store(store), load_recipe(RECIPE), clips, NoWork())
        told[f"{name}_seconds"] = time.perf_counter() - start
        told[f"{name}_gib"] = _peak_gib()
    return told


def _peak_gib() -> float:
    # Not getrusage's, which begins at what the process that started this one had.
    fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["VmHWM"].split()[0]) / 2**20


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
