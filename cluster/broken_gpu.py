"""Failures of a GPU, after which every later call in the same process may fail too: the process ends.

Its work is then done again by a new process, as after any other death of a worker.
"""

from __future__ import annotations

import os
import sys
import traceback

from asd_core.encoders.cuda_errors import is_device_failure

FAILED = 70  # exit code of a process whose GPU failed


def leave_broken_process(error: BaseException) -> None:
    """End this process where the error is a failure of its GPU (`is_device_failure`); else do nothing."""
    if is_device_failure(error):
        traceback.print_exception(error, file=sys.stderr)
        sys.stderr.flush()
        os._exit(FAILED)


def check_gpu() -> None:
    """Compute on this process's GPU, where torch sees one, and end the process where that fails.

    A worker does so before it has anything to do, so that no clip is blamed for a broken GPU.
    """
    import torch

    try:
        if torch.cuda.is_available():
            torch.ones(1, device="cuda").sum().item()
    except RuntimeError as error:
        leave_broken_process(error)
