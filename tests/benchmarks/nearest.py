"""(j) The search for candidates: a matrix product in float64 against faiss' index, a CPU's index against a GPU's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np

from asd_core.detectors.faiss_index import flat_index
from asd_core.detectors.nearest import NearestRows
from asd_core.pipeline.threads import one_thread
from tests.benchmarks.figures import Figure

NOTE = (
    "k: on one thread of a CPU, in its own time; the least of 5 searches for 5 neighbours counts. Both find "
    "candidates only, whose distances are computed again, so that results are the same. Where faiss sees a GPU, its "
    "index takes the place of the CPU's, and the wall clock that of the CPU's time."
)
SIZES = [(rows, dim) for rows in (50, 1_400, 20_000) for dim in (128, 512, 1_024)]
QUICK = [(50, 128), (1_400, 1_024)]
QUERIES = (5, 50, 200, 1_000)
K, SPARE, TRIES = 5, 8, 5
BLOCK_VALUES = 1 << 22  # of distances, as `NearestRows.search_scaled` makes them


Search = Callable[[], object]


def product_against_faiss(
    _: Path, sizes: list[tuple[int, int]], repeats: int, say: Callable[[str], None]
) -> list[Figure]:
    """Ratios of the times that the same candidates take: product ÷ faiss, and on a GPU's machine CPU ÷ GPU."""
    has_gpu = faiss.get_num_gpus() > 0
    clock = time.perf_counter if has_gpu else time.process_time
    figures = []
    with one_thread():
        for count, dim in sizes:
            for queries in QUERIES:
                product, on_cpu, own = _searches(count, dim, queries)
                what = f"{count:,} rows of {dim:,}, {queries:,} queries"
                pairs = {"product ÷ faiss": (product, own)}
                pairs |= {"faiss on a CPU ÷ on a GPU": (on_cpu, own)} if has_gpu else {}
                for name, (slow, fast) in pairs.items():
                    ratios = tuple(_least(slow, clock) / _least(fast, clock) for _ in range(repeats))
                    figures.append(Figure("k nearest", f"{name}: {what}", ratios, at_least=1.0))
            say(f"{count:,} rows of {dim:,}: done")
    return figures


def _searches(count: int, dim: int, queries: int) -> tuple[Search, Search, Search]:
    """The product, faiss on the CPU and faiss where it works, for the same random rows and queries."""
    generator = np.random.default_rng(0)
    bank = NearestRows(generator.normal(size=(count, dim)) + 3)
    asked = generator.normal(size=(queries, dim)) + 3
    single, factors, nothing = asked.astype(np.float32), np.ones((1, count)), np.full(queries, -1)
    rows = bank.rows.astype(np.float32)
    own = flat_index(rows)
    on_cpu = faiss.IndexFlatL2(dim)
    on_cpu.add(rows)
    at_once = max(1, BLOCK_VALUES // count)

    def product() -> None:
        for first in range(0, queries, at_once):
            bank._product_candidates(asked[first : first + at_once], K, factors, nothing[first : first + at_once])

    return (
        product,
        lambda: on_cpu.search(single, K + SPARE),
        lambda: own.search(single, K + SPARE),
    )


def _least(search: Search, clock: Callable[[], float]) -> float:
    taken = []
    for _ in range(TRIES):
        start = clock()
        search()
        taken.append(clock() - start)
    return max(min(taken), 1e-7)
