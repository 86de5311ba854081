import subprocess
import sys

import pytest
import torch

from cluster.broken_gpu import FAILED, check_gpu, leave_broken_process

PROGRAM = """
import torch
from cluster.broken_gpu import leave_broken_process
leave_broken_process(torch.AcceleratorError("CUDA error: unspecified launch failure"))
"""


def test_a_process_is_left_after_a_failure_of_its_gpu_which_is_written_down():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert ended.returncode == FAILED and "CUDA error: unspecified launch failure" in ended.stderr


@pytest.mark.parametrize("error", [ValueError("no"), RuntimeError("shapes"), torch.OutOfMemoryError("out of memory")])
def test_other_errors_leave_the_process_alone(error):
    leave_broken_process(error)


def test_a_gpu_that_computes_or_none_is_no_failure():
    check_gpu()
