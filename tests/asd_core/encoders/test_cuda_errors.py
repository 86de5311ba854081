import pytest
import torch

from asd_core.encoders.cuda_errors import is_device_failure, is_out_of_memory
from asd_core.errors import AsdError

NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB"),
    torch.AcceleratorError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
]
FAILURES = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
]
OTHERS = [
    RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
    AsdError("the GPU has no memory left for a single window"),
    ValueError("CUDA error: not one of torch"),
]


@pytest.mark.parametrize("error", NO_MEMORY + FAILURES + OTHERS, ids=str)
def test_an_error_is_of_memory_or_of_the_device_or_of_neither(error):
    assert is_out_of_memory(error) is (error in NO_MEMORY)
    assert is_device_failure(error) is (error in FAILURES)
