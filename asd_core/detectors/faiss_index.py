"""faiss' exhaustive index, on a GPU where faiss sees one.

On one thread a CPU's index finds candidates 1.2 to 5.7 times as fast as a matrix product in float64 and a partition of
its rows (50 to 20,000 rows of 128 to 1,024 numbers, 5 to 1,000 queries; `tests/benchmarks/nearest.py`).
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

import faiss  # here, not at its first use: `pipeline.threads.one_thread` limits the threads of what is loaded already
import numpy as np
from numpy.typing import NDArray

MOST_NEIGHBOURS = 2048  # that a GPU's index finds of one query
_BLAS_FROM = 20  # queries, as faiss had it until it waited for 128,000 values, which was up to 7 times as slow
_GPU_BYTES = 64 << 20  # for faiss' intermediate results; it would take a gigabyte and more in every process


def flat_index(rows: NDArray[np.float32]) -> Any:
    """An index whose ``search`` gives squared Euclidean distances to rows (N, D), and their indices."""
    faiss.cvar.distance_compute_blas_threshold = _BLAS_FROM
    index = faiss.IndexFlatL2(rows.shape[1])
    index.add(rows)
    return on_gpu(index, faiss) if _has_driver() else index


def on_gpu(index: Any, library: Any) -> Any:
    """An index moved to the first GPU that faiss sees; the index itself where it sees none.

    Args:
        index: of the CPU.
        library: the module ``faiss``, whichever distribution of it is installed.
    """
    if library.get_num_gpus() == 0:
        return index
    return library.index_cpu_to_gpu(_resources(library), 0, index)


@cache
def _resources(library: Any) -> Any:
    """The memory and streams that all indices of a process share."""
    resources = library.StandardGpuResources()
    resources.setTempMemory(_GPU_BYTES)
    return resources


@cache
def _has_driver() -> bool:
    """True where NVIDIA's driver is installed: without it, faiss' count of GPUs ends the process."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True
