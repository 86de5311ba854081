import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from asd_core.pipeline.threads import one_thread


def threads():
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info()}


def test_inside_the_block_every_pool_has_one_thread_and_afterwards_what_it_had():
    before = threads()
    with one_thread():
        assert threads() == {1}
    assert threads() == before


def test_torch_has_one_thread_where_it_is_loaded():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_failure_inside_the_block_restores_them_too():
    before = threads()
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert threads() == before


def test_a_pool_that_came_since_the_last_block_is_limited_too():
    program = """
from asd_core.pipeline.threads import one_thread
with one_thread():
    pass
import faiss
faiss.omp_set_num_threads(2)
with one_thread():
    assert faiss.omp_get_max_threads() == 1
assert faiss.omp_get_max_threads() == 2
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_nothing_is_imported_for_it():
    assert "torch" not in vars(sys.modules["asd_core.pipeline.threads"])
