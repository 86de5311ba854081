"""faiss' exhaustive index on a GPU against the same on one thread of the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import faiss
import numpy as np

from asd_core.detectors.faiss_index import flat_index
from asd_core.pipeline.threads import one_thread
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.device import Skipped
from tests.benchmarks.gpu.items import Place, Say

NEIGHBOURS = 13  # as a memory bank of k = 5 asks for


def on_gpu_against_cpu(place: Place, say: Say) -> list[Figure]:
    """Ratios of the wall clock of the same searches, and the share of neighbours that both find."""
    if place.device != "cpu" and not hasattr(faiss, "StandardGpuResources"):
        raise Skipped("this faiss is faiss-cpu: install the extra gpu in place of cpu")
    figures = []
    sizes = [(1_400, 1_024), (20_000, 1_024), (200_000, 1_024)][: place.either(3, 1)]
    for count, dim in sizes:
        generator = np.random.default_rng(0)
        rows, queries = (generator.normal(size=(n, dim)).astype(np.float32) for n in (count, place.either(1_000, 20)))
        on_cpu, own = faiss.IndexFlatL2(dim), flat_index(rows)
        on_cpu.add(rows)
        if place.device != "cpu" and not hasattr(own, "getDevice"):
            raise Skipped("faiss sees no GPU")
        with one_thread():
            ratios = tuple(
                seconds(partial(on_cpu.search, queries, NEIGHBOURS)) / seconds(partial(own.search, queries, NEIGHBOURS))
                for _ in range(place.either(3, 1))
            )
        same = float(np.mean(on_cpu.search(queries, NEIGHBOURS)[1] == own.search(queries, NEIGHBOURS)[1]))
        what = f"{count:,} rows of {dim:,}, {len(queries):,} queries"
        figures.append(Figure("faiss", f"one CPU thread ÷ GPU: {what}", ratios))
        figures.append(Figure("faiss", f"neighbours that both find in the same place: {what}", (same,), at_least=0.999))
        say(what)
    return figures


def seconds(search: Callable[[], object]) -> float:
    """The least of three."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        search()
        taken.append(time.perf_counter() - start)
    return max(min(taken), 1e-7)
