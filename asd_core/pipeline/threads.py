"""One thread a worker.

Workers are the parallelism here; a BLAS that starts its own threads in each of them makes a machine 14 to 60 times
slower, and sums in another order, so that scores would differ in the last bit between one process and a cluster.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS, OpenMP (faiss, scikit-learn) and, where it is loaded, torch to one thread inside the block."""
    importlib.import_module("scipy.linalg")  # only a BLAS that is there when the block begins is limited
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch is not None else 1
    with _pools(frozenset(sys.modules)).limit(limits=1):
        if torch is not None:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch is not None:
                torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def _pools(_modules: frozenset[str]) -> ThreadpoolController:
    """The thread pools of this process; it takes milliseconds to find them, so only after a module was imported."""
    return ThreadpoolController()
