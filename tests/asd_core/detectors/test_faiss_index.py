import subprocess
import sys
import textwrap

import faiss
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.spatial.distance import cdist

from asd_core.detectors.faiss_index import flat_index, on_gpu
from asd_core.detectors.nearest import NearestRows


class Library:
    """faiss as it stands on a machine with some GPUs: its own names and signatures, and a memory of what is moved."""

    def __init__(self, gpus):
        self.gpus, self.moved = gpus, []

    def get_num_gpus(self):
        return self.gpus

    class StandardGpuResources:
        def setTempMemory(self, size):  # noqa: N802
            self.size = size

    def index_cpu_to_gpu(self, provider, device, index, options=None):
        self.moved.append((provider, device, index))
        return f"moved to GPU {device}"


@pytest.fixture
def index():
    return faiss.IndexFlatL2(4)


def test_an_index_stays_on_the_cpu_where_faiss_sees_no_gpu(index):
    library = Library(0)
    assert on_gpu(index, library) is index and library.moved == []


def test_an_index_moves_to_the_first_gpu_that_faiss_sees(index):
    library = Library(2)
    assert on_gpu(index, library) == on_gpu(index, library) == "moved to GPU 0"
    (first, device, moved), (second, _, _) = library.moved
    assert (device, moved) == (0, index) and first is second and first.size == 64 << 20


def test_an_index_gives_squared_distances_and_indices():
    rows = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    squares, indices = flat_index(rows).search(rows[:3], 2)
    assert_array_equal(indices[:, 0], [0, 1, 2])
    np.testing.assert_allclose(squares, np.sort(cdist(rows[:3], rows, "sqeuclidean"))[:, :2], rtol=1e-4, atol=1e-4)


def test_faiss_keeps_to_one_thread_from_its_first_search():
    code = """
        import numpy as np
        from threadpoolctl import threadpool_info
        from asd_core.detectors.nearest import NearestRows
        from asd_core.pipeline.threads import one_thread
        with one_thread():
            NearestRows(np.eye(100)).search(np.eye(100), 1)
            assert {pool["num_threads"] for pool in threadpool_info()} == {1}, threadpool_info()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


@pytest.mark.gpu
def test_a_gpu_finds_the_neighbours_that_the_cpu_finds():
    if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0:
        pytest.skip("faiss sees no GPU")
    generator = np.random.default_rng(0)
    rows, queries = generator.normal(size=(5000, 256)) + 5, generator.normal(size=(200, 256)) + 5
    rows[100:200] = rows[0]  # duplicates
    found = NearestRows(rows)
    indices, distances = found.search(queries, 7)
    assert isinstance(found._index, faiss.GpuIndexFlat)
    expected = cdist(queries, rows)
    order = np.lexsort((np.broadcast_to(np.arange(len(rows)), expected.shape), expected), axis=1)[:, :7]
    assert_array_equal(indices, order)
    assert_array_equal(distances, np.take_along_axis(expected, order, axis=1))
