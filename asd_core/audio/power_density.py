"""Power density of a waveform by Welch's method, at a resolution of about 2 Hz."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class PowerDensity:
    """Power density over frequency.

    Attributes:
        frequencies: Hz of the bins, (F,), from 0 to half the sample rate.
        density: (F,) float64, power per Hz.
        course: (S, F) float32, the density of each of the half-overlapping segments that it is the mean of.
    """

    frequencies: Vector
    density: Vector
    course: NDArray[np.float32]

    @property
    def segments(self) -> int:
        """Number of segments in the mean."""
        return len(self.course)

    @property
    def step(self) -> float:
        """Hz from bin to bin."""
        return float(self.frequencies[1]) if self.frequencies.size > 1 else 1.0


def power_density(samples: NDArray[np.float32], sample_rate: int) -> PowerDensity:
    """Welch's mean over Hann windows of about half a second, each without its own mean.

    Args:
        samples: (T,) float32, at least one.
        sample_rate: Hz.
    """
    length = min(samples.size, 2 ** round(np.log2(sample_rate / 2)))
    hop = max(1, length - length // 2)
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
    window = _hann(length)
    spectrum = scipy.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * window, axis=1)
    course = np.square(spectrum.real) + np.square(spectrum.imag)
    scale = 2.0 / (sample_rate * float(np.square(window, dtype=np.float64).sum()))
    course *= np.float32(scale)
    course[:, 0] /= 2.0
    if length % 2 == 0:
        course[:, -1] /= 2.0
    density = course.mean(axis=0, dtype=np.float64)
    return PowerDensity(scipy.fft.rfftfreq(length, 1 / sample_rate), density, course)


@lru_cache(maxsize=8)
def _hann(length: int) -> NDArray[np.float32]:
    """The periodic window, as spectra take it."""
    if length < 3:
        return np.ones(length, np.float32)
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length), np.float32)
