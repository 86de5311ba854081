"""Building blocks of machine sound; every function returns (T,) float32."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Rng = np.random.Generator


@lru_cache(maxsize=8)
def frequencies(count: int, sample_rate: int) -> Samples:
    """Frequencies in Hz of the bins of the spectrum of ``count`` samples, (count // 2 + 1,)."""
    return np.asarray(scipy.fft.rfftfreq(count, 1 / sample_rate), np.float32)


def shaped_noise(shape: Samples, count: int, rng: Rng) -> Samples:
    """Stationary noise with the magnitude spectrum ``shape`` (count // 2 + 1,), of rms 1."""
    parts = rng.standard_normal((len(shape), 2), dtype=np.float32)
    spectrum = parts.view(np.complex64)[:, 0] * shape
    return unit_rms(scipy.fft.irfft(spectrum, count))


def filtered(samples: Samples, gain: Samples) -> Samples:
    """Samples with each bin of their spectrum multiplied by ``gain``."""
    return np.asarray(scipy.fft.irfft(scipy.fft.rfft(samples) * gain, len(samples)))


def tones(turns: NDArray[np.float64], amplitudes: Sequence[float], rng: Rng) -> Samples:
    """A tone and its harmonics, with random phases.

    Args:
        turns: (T,) cycles of the fundamental since the start.
        amplitudes: of the fundamental and of each harmonic.
        rng: draws the phases.
    """
    # Whole turns are dropped in float64 first, so that float32 is precise enough, at a fifth of the time.
    angle = (2 * np.pi * (turns - np.floor(turns))).astype(np.float32)
    total = np.zeros(len(turns), np.float32)
    for order, amplitude in enumerate(amplitudes, 1):
        phase = np.float32(2 * np.pi * rng.random())
        total += np.float32(amplitude) * np.cos(np.float32(order) * angle + phase)
    return total


def bursts(
    starts: NDArray[np.float64], heights: NDArray[np.float64], kernel: Samples, count: int, rate: int
) -> Samples:
    """The same short sound at given moments (seconds), each with its own height."""
    from scipy.signal import oaconvolve  # half a second to import, which workers that make no sound do not need

    train = np.zeros(count, np.float32)
    inside = (starts >= 0) & (starts * rate < count - 1)
    np.add.at(train, (starts[inside] * rate).astype(int), heights[inside].astype(np.float32))
    return np.asarray(oaconvolve(train, kernel)[:count], np.float32)


def ringing(hertz: float, decay: float, sample_rate: int) -> Samples:
    """A struck resonance: a tone that falls by a factor of e in ``decay`` seconds."""
    seconds = np.arange(max(2, round(6 * decay * sample_rate))) / sample_rate
    return np.asarray(np.exp(-seconds / decay) * np.sin(2 * np.pi * hertz * seconds), np.float32)


def rattling(per_second: float, count: int, sample_rate: int, rng: Rng) -> Samples:
    """Short bursts of noise at no regular time, some louder than others: a loose part."""
    starts = np.sort(rng.uniform(0, count / sample_rate, max(1, round(per_second * count / sample_rate))))
    fading = np.exp(-np.arange(round(0.06 * sample_rate)) / (0.012 * sample_rate))
    kernel = (fading * rng.standard_normal(len(fading))).astype(np.float32)
    return bursts(starts, rng.uniform(0.3, 1.0, len(starts)), kernel, count, sample_rate)


def squealing(hertz: float, count: int, sample_rate: int, rng: Rng) -> Samples:
    """A tone of amplitude 1 that wavers by 2.2 Hz, and its two harmonics: a dry belt or rail."""
    vibrato = 0.5 * np.sin(2 * np.pi * (0.7 * np.arange(count) / sample_rate + rng.random()))
    harmonics = (1.0, 0.3, 0.1)[: int(0.5 * sample_rate / hertz)]
    return tones(hertz * np.arange(count) / sample_rate + vibrato, harmonics, rng)


def slow_wave(count: int, sample_rate: int, hertz: float, rng: Rng) -> Samples:
    """An uneven slow movement within [-1, 1], about ``hertz``: two sines of no common period."""
    seconds = np.arange(count, dtype=np.float32) / sample_rate
    first, second = rng.random(2) * 2 * np.pi
    wave: Samples = 0.6 * np.sin(np.float32(2 * np.pi * hertz) * seconds + np.float32(first))
    wave += 0.4 * np.sin(np.float32(2 * np.pi * hertz * 1.618) * seconds + np.float32(second))
    return wave


def unit_rms(samples: Samples) -> Samples:
    """Samples scaled to rms 1; zeros stay zeros."""
    level = rms(samples)
    return (samples / np.float32(level)).astype(np.float32) if level > 0 else samples


def rms(samples: Samples) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(samples), dtype=np.float64)))


def from_db(decibels: float) -> float:
    """The factor on amplitudes for a number of decibels."""
    return float(10 ** (decibels / 20))
