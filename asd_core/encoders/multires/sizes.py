"""Sizes of what the network's layers take and leave, without a network."""

from __future__ import annotations

from collections.abc import Sequence

SPECTRUM_LAYERS = ((256, 64), (64, 32), (16, 4))
NARROW_LAYERS = ((64, 16), (32, 16), (16, 4))
"""Kernel and stride of each convolution: over the spectrum of a clip, and along the long side of a spectrogram."""

LEAST_SIDE = 36
"""Both sides of a spectrogram must have as many for a network over both; a narrower one gets a network over one."""


def after_convolution(length: int, kernel: int, stride: int, padding: int = 0) -> int:
    """How long a convolution or pooling leaves a side; 0 or less where the kernel does not fit in."""
    return (length + 2 * padding - kernel) // stride + 1


def before_convolutions(layers: Sequence[tuple[int, int]]) -> int:
    """The least length of which convolutions of these kernels and strides leave one.

    Example:
        >>> before_convolutions(SPECTRUM_LAYERS)
        35008
    """
    length = 1
    for kernel, stride in reversed(layers):
        length = (length - 1) * stride + kernel
    return length


def kept_bins(n_fft: int, sample_rate: int, f_min: float, f_max: float) -> tuple[int, int]:
    """The first bin at f_min Hz or above, and the one after the last at f_max or below.

    Example:
        >>> [stop - start for start, stop in (kept_bins(n, 16_000, 200.0, 8_000.0) for n in (256, 1024, 4096))]
        [125, 500, 1997]
    """
    start = int(-(-f_min * n_fft // sample_rate))
    return start, min(int(f_max * n_fft // sample_rate), n_fft // 2) + 1


def frames_of(samples: int, n_fft: int) -> int:
    """Frames of a centred spectrogram whose hop is half of its window."""
    return samples // (n_fft // 2) + 1
