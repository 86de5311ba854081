"""(c) Peak memory of an embedding run: its process tree and Ray's object store."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from tests.benchmarks.figures import Figure
from tests.benchmarks.process_tree import Memory, memory
from tests.benchmarks.recordings import first_clips, write_archive

ROOT = Path(__file__).parents[2]
EVERY = 0.25  # seconds between two looks


def peaks(folder: Path, sizes: tuple[int, ...], repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Peaks of `asd embed` in processes of their own over archives of some sizes, clips of ten seconds."""
    archive = write_archive(folder / "ten-seconds-memory", max(sizes), 10.0)
    found: dict[int, list[Memory]] = {size: [] for size in sizes}
    for size in sizes:
        pq.write_table(first_clips(archive, size), folder / f"clips-{size}.parquet")
    for repeat in range(repeats):
        for size in sizes:
            arguments = [str(folder / f"clips-{size}.parquet"), str(folder / f"store-memory-{size}-{repeat}")]
            found[size].append(peak([sys.executable, "-m", "tests.benchmarks.memory", *arguments]))
            say(f"repeat {repeat + 1} of {repeats}: {size} clips, {sum(found[size][-1]):.0f} MiB")
    totals = {size: tuple(map(sum, uses)) for size, uses in found.items()}
    flat = tuple(max(run) / min(run) for run in zip(*totals.values(), strict=True))
    name = "c memory"
    figures = [Figure(name, "largest ÷ smallest peak over the sizes", flat, "", None, 1.2)]
    for size, uses in found.items():
        figures.append(Figure(name, f"{size:,} clips: processes and object store", totals[size], "MiB"))
        figures.append(Figure(name, f"{size:,} clips: object store", tuple(use.object_store for use in uses), "MiB"))
    return figures


def peak(command: list[str]) -> Memory:
    """Run a command from the project's root and return the highest sum of both parts.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    highest = Memory(0.0, 0.0)
    with subprocess.Popen(command, cwd=ROOT) as process:
        while process.poll() is None:
            highest = max(highest, memory(process.pid), key=sum)
            time.sleep(EVERY)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return highest


def run(clips: str, store: str) -> None:
    """Embed a table of clips on a local Ray, as `asd embed` does."""
    from tests.benchmarks.throughput import on_ray, ray_data

    on_ray(partial(ray_data, pq.read_table(clips)), store)


if __name__ == "__main__":
    run(*sys.argv[1:])
