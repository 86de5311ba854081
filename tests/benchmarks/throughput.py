"""Clips a second on Ray, against plain loops over the same shard function in the same run."""

from __future__ import annotations

import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.planning import cut_shards
from asd_core.pipeline.shards import Shard, shard_from_bytes, shard_to_bytes
from asd_core.recipe.recipe import load_recipe
from asd_core.store.store import open_store
from cluster.engine import RayEngine
from cluster.session import session
from tests.benchmarks.figures import Figure, slope
from tests.benchmarks.process_tree import cpu_seconds
from tests.benchmarks.recordings import first_clips, write_archive

RECIPE = "twfr-gmm"
RAY_NICENESS = 15  # that of Ray's workers: whatever else runs on the machine then slows the references as much


class Spent(NamedTuple):
    """Seconds that a way of embedding took."""

    seconds: float
    cpu_seconds: float = math.nan  # of all processes; NaN where it is not looked at
    start_seconds: float = 0.0  # before: Ray's start


Way = Callable[[str], Spent]
"""Embeds into the store at an address."""
Say = Callable[[str], None]
"""What is told how far a benchmark is."""


def efficiency(folder: Path, sizes: tuple[int, int], repeats: int, say: Say) -> list[Figure]:
    """(a) The slope of Ray's clips a second between two sizes ÷ (cores × a plain single-thread loop's).

    Args:
        folder: for the archive and the stores.
        sizes: clips of ten seconds.
        repeats: each runs every way once, every other one in the opposite order.
        say: told how far it is.
    """
    few, many = sizes
    archive = write_archive(folder / "ten-seconds", many, 10.0)
    clips = {size: first_clips(archive, size) for size in sizes}
    cores = len(os.sched_getaffinity(0))
    shards = {size: planned(clips[size], cores) for size in sizes}
    with ProcessPoolExecutor(cores, get_context("spawn"), os.nice, (RAY_NICENESS,)) as pool:
        ways: dict[str, Way] = {
            "plain": partial(one_loop, pool, [shard_to_bytes(shard) for shard in shards[few]]),
            "processes": partial(all_processes, pool, [shard_to_bytes(shard) for shard in shards[few]]),
        }
        for size in sizes:
            ways[f"ray {size}"] = partial(on_ray, partial(ray_data, clips[size]))
            ways[f"tasks {size}"] = partial(on_ray, partial(ray_tasks, shards[size]))
        with_a_store(folder, ways["processes"])  # what their imports cost
        spent = interleaved(folder, ways, repeats, say)
    seconds = {way: [run.seconds for run in runs] for way, runs in spent.items()}
    plain = [few / taken for taken in seconds["plain"]]
    processes = [few / taken for taken in seconds["processes"]]
    ray, tasks = (
        [slope(few, many, *pair) for pair in zip(seconds[f"{way} {few}"], seconds[f"{way} {many}"], strict=True)]
        for way in ("ray", "tasks")
    )
    cpu = tuple(
        (large.cpu_seconds - small.cpu_seconds) / (many - few) / (one.cpu_seconds / few)
        for small, large, one in zip(spent[f"ray {few}"], spent[f"ray {many}"], spent["plain"], strict=True)
    )
    starts = tuple(run.start_seconds for way, runs in spent.items() if way.startswith("ray") for run in runs)
    fixed = [taken - few / rate for taken, rate in zip(seconds[f"ray {few}"], ray, strict=True)]

    def of_plain(rates: list[float]) -> tuple[float, ...]:
        return tuple(rate / (cores * one) for rate, one in zip(rates, plain, strict=True))

    name = "a efficiency"
    return [
        Figure(name, f"Ray Data, slope {few:,} to {many:,} ÷ ({cores} × plain loop)", of_plain(ray), "", 0.8),
        Figure(name, f"plain Ray tasks, slope ÷ ({cores} × plain loop)", of_plain(tasks)),
        Figure(name, f"{cores} plain processes, no Ray ÷ ({cores} × plain loop)", of_plain(processes)),
        Figure(name, "plain single-thread loop", tuple(plain), "clips/s"),
        Figure(name, "Ray Data, slope", tuple(ray), "clips/s"),
        Figure(name, "plain Ray tasks, slope", tuple(tasks), "clips/s"),
        Figure(name, f"Ray Data, whole run of {few:,}", tuple(seconds[f"ray {few}"]), "s"),
        Figure(name, f"Ray Data, whole run of {many:,}", tuple(seconds[f"ray {many}"]), "s"),
        Figure(name, "Ray Data, fixed cost of a run", tuple(fixed), "s"),
        Figure(name, "starting a local Ray", starts, "s"),
        Figure(name, "CPU time a clip, slope of Ray Data's process tree ÷ plain loop", cpu),
    ]


def scaling(folder: Path, sizes: tuple[int, int, int], repeats: int, say: Say) -> list[Figure]:
    """(b) Ray's clips a second between the two larger sizes ÷ between the two smaller ones, clips of two seconds."""
    few, many, most = sizes
    archive = write_archive(folder / "two-seconds", most, 2.0)
    ways = {str(size): partial(on_ray, partial(ray_data, first_clips(archive, size))) for size in sizes}
    spent = interleaved(folder, ways, repeats, say)
    runs = list(zip(*([run.seconds for run in spent[str(size)]] for size in sizes), strict=True))
    lower = [slope(few, many, first, second) for first, second, _ in runs]
    upper = [slope(many, most, second, third) for _, second, third in runs]
    ratios = tuple(high / low for high, low in zip(upper, lower, strict=True))
    name = "b scaling"
    return [
        Figure(name, f"slope {many:,} to {most:,} ÷ slope {few:,} to {many:,}", ratios, "", 0.9),
        Figure(name, f"slope {few:,} to {many:,}", tuple(lower), "clips/s"),
        Figure(name, f"slope {many:,} to {most:,}", tuple(upper), "clips/s"),
    ]


def interleaved(folder: Path, ways: dict[str, Way], repeats: int, say: Say) -> dict[str, list[Spent]]:
    """What every way took in every repeat; every other repeat goes through them backwards."""
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    for repeat in range(repeats):
        for name in list(ways)[:: -1 if repeat % 2 else 1]:
            spent[name].append(with_a_store(folder, ways[name]))
            say(f"repeat {repeat + 1} of {repeats}: {name} {spent[name][-1].seconds:.2f} s")
    return spent


def with_a_store(folder: Path, way: Way) -> Spent:
    """What a way takes with a store of its own, which is removed."""
    store = folder / "store"
    spent = way(str(store))
    shutil.rmtree(store)
    return spent


def one_loop(pool: ProcessPoolExecutor, shards: list[bytes], store: str) -> Spent:
    """The shard function in a plain loop in one process."""
    return pool.submit(embed_all, store, shards).result()


def all_processes(pool: ProcessPoolExecutor, shards: list[bytes], store: str) -> Spent:
    """The same in as many plain processes as there are cores: what this machine gives without Ray."""
    start = time.perf_counter()
    list(pool.map(partial(embed_bytes, store), shards))
    return Spent(time.perf_counter() - start)


def on_ray(work: Callable[[str], object], store: str) -> Spent:
    """Work on a Ray of its own, so that no run finds another's workers."""
    start = time.perf_counter()
    with session():
        started, cpu = time.perf_counter(), cpu_seconds(os.getpid())
        work(store)
        return Spent(time.perf_counter() - started, cpu_seconds(os.getpid()) - cpu, started - start)


def ray_data(clips: pa.Table, store: str) -> None:
    """All that `asd embed` does once the archive is listed: plan, embed on Ray, index."""
    embed(open_store(store), load_recipe(RECIPE).encoders_of(clips), clips, RayEngine())


def ray_tasks(shards: Sequence[Shard], store: str) -> None:
    """The shard function in plain Ray tasks."""
    import ray

    remote = ray.remote(num_cpus=1)(embed_bytes)
    ray.get([remote.remote(store, shard_to_bytes(shard)) for shard in shards])


def planned(clips: pa.Table, workers: int) -> list[Shard]:
    """The shards of a run."""
    config = load_recipe(RECIPE).for_machine("fan").encoder
    return cut_shards(clips, config, embeddings_fingerprint(config), workers)


def embed_all(store: str, shards: Sequence[bytes]) -> Spent:
    """Embed and commit shards one after the other."""
    start, cpu = time.perf_counter(), time.process_time()
    for data in shards:
        embed_bytes(store, data)
    return Spent(time.perf_counter() - start, time.process_time() - cpu)


def embed_bytes(store: str, data: bytes) -> str:
    """Embed and commit a shard; returns its name."""
    return _embedder(store)(shard_from_bytes(data)).name


@lru_cache(maxsize=1)
def _embedder(store: str) -> ShardEmbedder:
    return ShardEmbedder(store)
