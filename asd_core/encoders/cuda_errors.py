"""Errors of CUDA and its libraries: memory that runs out, and failures after which a process is of no more use."""

from __future__ import annotations

import sys

# Libraries under torch say in a plain RuntimeError that they got no memory.
_NO_MEMORY = (
    "out of memory",  # CUDA error: out of memory
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUBLAS_STATUS_NOT_INITIALIZED",  # cuBLAS makes its handle at the first product, and finds no memory for it
    "CUDNN_STATUS_ALLOC_FAILED",
    "ALLOCATION_FAILED",  # CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED, and the host's
    "CUFFT_ALLOC_FAILED",
    "CUSOLVER_STATUS_ALLOC_FAILED",
)
_FAILURES = ("CUDA error", "CUDA driver error", "CUBLAS_STATUS_", "CUDNN_STATUS_", "cuFFT error", "CUSOLVER_STATUS_")


def is_out_of_memory(error: BaseException) -> bool:
    """True where a device has no memory left for a computation, which may succeed with a smaller batch."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(error, RuntimeError):
        return False
    return isinstance(error, torch.OutOfMemoryError) or any(sign in str(error) for sign in _NO_MEMORY)


def is_device_failure(error: BaseException) -> bool:
    """True for an error of CUDA other than a lack of memory: every later call in the same process may fail as well."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(error, RuntimeError) or is_out_of_memory(error):
        return False
    return isinstance(error, torch.AcceleratorError) or any(sign in str(error) for sign in _FAILURES)
