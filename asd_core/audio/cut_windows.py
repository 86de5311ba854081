"""Windows of one recording, cut as they are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

VALUES_AT_ONCE = 1 << 22  # squares in float64: 32 MiB


class Windows:
    """Overlapping windows of one recording, which holds its samples once; ``np.asarray`` gives them all as (W, length).

    Args:
        samples: (T,) of the recording, float32 or 16-bit integers.
        starts: (W,) the first sample of each window.
        length: samples of a window.
    """

    def __init__(self, samples: NDArray[Any], starts: NDArray[np.int64], length: int) -> None:
        self.samples, self.starts, self.length = samples, starts, length

    @property
    def shape(self) -> tuple[int, int]:
        """(W, length)."""
        return len(self.starts), self.length

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples."""
        return self.samples.dtype

    def __len__(self) -> int:
        """The number of windows."""
        return len(self.starts)

    def __getitem__(self, some: slice) -> NDArray[Any]:
        """Some of the windows, (w, length)."""
        starts = self.starts[some]
        return np.stack([self.samples[start : start + self.length] for start in starts.tolist()])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """All windows as one array."""
        return self[:] if dtype is None else self[:].astype(dtype, copy=False)


def cut_windows(samples: NDArray[np.float32], length: int) -> Windows:
    """The fewest windows that cover all samples (T,), evenly spaced from the first to the last.

    Samples shorter than a window are repeated until they fill one.
    """
    if len(samples) <= length:
        return Windows(np.resize(samples, length), np.zeros(1, np.int64), length)
    count = -(-len(samples) // length)
    return Windows(samples, np.linspace(0, len(samples) - length, count).round().astype(np.int64), length)


def mean_square(waveforms: NDArray[np.float32] | Windows, values_at_once: int = VALUES_AT_ONCE) -> float:
    """Mean of the squares of all values (W, T), each window with all of its own; windows are held a few at a time.

    Equal to the bit to ``np.mean(np.square(waveforms, dtype=float64))``, which adds parts of as many values as numpy's
    buffer holds one after the other.

    Args:
        waveforms: all windows.
        values_at_once: how many are squared together; a multiple of numpy's buffer.
    """
    length, total = waveforms.shape[1], 0.0
    count = len(waveforms) * length
    for start in range(0, count, values_at_once):
        stop = min(start + values_at_once, count)
        first = start // length
        values = waveforms[first : -(-stop // length)].reshape(-1)[start - first * length : stop - first * length]
        total = float(np.add.reduce(np.square(values, dtype=np.float64), initial=total))
    return total / count
