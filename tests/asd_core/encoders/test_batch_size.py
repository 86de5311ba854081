import numpy as np
import pytest
import torch

from asd_core.encoders.batch_size import BatchSize
from asd_core.errors import AsdError


class Device:
    """Doubles its input, as long as that has no more than so many rows."""

    def __init__(self, rows, error=None):
        self.rows, self.asked, self.error = rows, [], error or torch.OutOfMemoryError("out of memory")

    def __call__(self, part):
        self.asked.append(len(part))
        if len(part) > self.rows:
            raise self.error
        return torch.from_numpy(part) * 2


ITEMS = np.arange(40, dtype=np.float32).reshape(20, 2)


@pytest.mark.parametrize("most", [None, 1, 7, 20, 64])
def test_every_item_is_computed_once_in_its_place(most):
    device = Device(64)
    made = torch.cat(list(BatchSize(most).map(device, ITEMS)))
    np.testing.assert_array_equal(made.numpy(), 2 * ITEMS)
    assert sum(device.asked) == 20 and max(device.asked) == min(20, most or 20)


@pytest.mark.parametrize(
    "error",
    [
        None,
        torch.AcceleratorError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
    ids=str,
)
def test_a_batch_that_memory_does_not_hold_is_halved_and_the_size_is_remembered(error):
    batch_size, device = BatchSize(), Device(6, error)
    for _ in range(2):
        made = torch.cat(list(batch_size.map(device, ITEMS)))
        np.testing.assert_array_equal(made.numpy(), 2 * ITEMS)
    assert device.asked == [20, 10, 5, 5, 5, 5, 5, 5, 5, 5]


def test_memory_for_not_a_single_item_is_said():
    with pytest.raises(AsdError, match="no memory left for a single window"):
        list(BatchSize().map(Device(0), ITEMS))
    with pytest.raises(AsdError, match="no memory left for a single caption"):
        list(BatchSize(1, "caption").map(Device(0), ITEMS))


def test_another_error_is_not_taken_for_a_lack_of_memory():
    device = Device(6, RuntimeError("CUDA error: an illegal memory access was encountered"))
    with pytest.raises(RuntimeError, match="illegal memory access"):
        list(BatchSize().map(device, ITEMS))
    assert device.asked == [20]


def test_nothing_in_gives_nothing_out():
    assert list(BatchSize().map(Device(1), ITEMS[:0])) == []
