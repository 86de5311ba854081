"""Acoustic measures of one clip: level, bands, tones, modulation and transients, with their physical units.

Everything but `AcousticMeasures.level` and the band levels is unchanged by a gain. Power below -120 dB re full
scale counts as silence, so that every figure is finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.signal
from numpy.typing import NDArray

from asd_core.errors import ClipError

Vector = NDArray[np.floating[Any]]

_SILENCE = 1e-12  # power re full scale: -120 dB, 24 dB below the quantisation noise of 16 bits
_BAND_EDGES = (0.0, *(62.5 * 2.0**n for n in range(12)))  # Hz; octaves above 62.5 Hz
_LOWEST_TONE = 20.0  # Hz
_TONES_KEPT = 24
_FRAME_SECONDS = 1e-3
_SMOOTHING_HZ = 60.0  # standard deviation of the envelope's low-pass: far above every rate looked for
_MODULATION_HZ = (0.5, 30.0)
_WHITENING_ORDER = 32
_IMPULSE_RATIO = 8.0  # power of a frame over its background: 9 dB; Gaussian noise gets there once in 10^12 frames
_IMPULSE_GAP_SECONDS = 0.02


@dataclass(frozen=True)
class Band:
    """The level of one frequency band: low and high edge in Hz, level in dB re full scale (RMS)."""

    low: float
    high: float
    level: float


@dataclass(frozen=True)
class Tone:
    """A spectral line: frequency in Hz and prominence in dB, its power over that of the noise around it.

    The noise is that of the critical band around the tone (Zwicker and Terhardt 1980), as in the tone-to-noise
    ratio of ECMA-74, so that the figure does not depend on the resolution of the analysis.
    """

    frequency: float
    prominence: float


@dataclass(frozen=True)
class AcousticMeasures:
    """Measures of one clip.

    Attributes:
        seconds: length of the clip.
        level: RMS level without the mean, dB re full scale (a full-scale sine is at -3.0).
        bands: octave bands up to the Nyquist frequency, lowest first.
        tones: lines at least 0 dB above the noise around them, most prominent first; at most 24.
        modulation_rate: rate in Hz of the strongest regular swelling of the envelope in 0.5-30 Hz; 0: none.
        modulation_depth: amplitude of that swelling over the envelope's mean (1: full sinusoidal modulation).
        impulse_rate: impulses per second.
        crest: peak over RMS, dB (sine: 3.0).
        kurtosis: excess kurtosis of the samples (Gaussian noise: 0, sine: -1.5).
    """

    seconds: float
    level: float
    bands: tuple[Band, ...]
    tones: tuple[Tone, ...]
    modulation_rate: float
    modulation_depth: float
    impulse_rate: float
    crest: float
    kurtosis: float


def measure(waveform: NDArray[np.float32], sample_rate: int) -> AcousticMeasures:
    """Measure a waveform, (T,) in [-1, 1], of ``sample_rate`` Hz.

    Raises:
        ClipError: no samples, or samples that are not finite.
    """
    if waveform.ndim != 1 or waveform.size == 0:
        raise ClipError("empty", f"cannot measure a waveform of shape {waveform.shape}: it needs samples, (T,)")
    seconds = waveform.size / sample_rate
    if not np.isfinite(waveform).all():
        raise ClipError("not_finite", "cannot measure a waveform with samples that are not finite: record it again")
    samples = np.asarray(waveform, dtype=np.float32)
    samples = samples - samples.mean(dtype=np.float64).astype(np.float32)
    power = float(np.mean(np.square(samples), dtype=np.float64))
    if power <= _SILENCE:
        silent = tuple(Band(low, high, _decibels(0.0)) for low, high in _edges(sample_rate))
        return AcousticMeasures(seconds, _decibels(0.0), silent, (), 0.0, 0.0, 0.0, 0.0, 0.0)
    frequencies, density, segments = _spectrum(samples, sample_rate)
    rate, depth = _modulation(_frame_power(samples, sample_rate))
    ratio = np.square(samples, dtype=np.float64) / power
    return AcousticMeasures(
        seconds=seconds,
        level=_decibels(power),
        bands=_bands(frequencies, density, sample_rate),
        tones=_tones(frequencies, density, segments),
        modulation_rate=rate,
        modulation_depth=depth,
        impulse_rate=_impulses(_whiten(samples, density), sample_rate) / seconds,
        crest=_decibels(float(ratio.max())),
        kurtosis=float(np.mean(np.square(ratio))) - 3.0,
    )


def critical_bandwidth(frequency: float) -> float:
    """Width in Hz of the critical band around a frequency in Hz.

    Zwicker and Terhardt, "Analytical expressions for critical-band rate and critical bandwidth", 1980.
    """
    return float(25.0 + 75.0 * (1.0 + 1.4 * (frequency / 1000.0) ** 2) ** 0.69)


def _decibels(power: float) -> float:
    return float(10.0 * np.log10(max(power, _SILENCE)))


def _edges(sample_rate: int) -> list[tuple[float, float]]:
    nyquist = sample_rate / 2
    pairs = zip(_BAND_EDGES, _BAND_EDGES[1:], strict=False)
    return [(low, min(high, nyquist)) for low, high in pairs if low < nyquist]


def _spectrum(samples: Vector, sample_rate: int) -> tuple[Vector, Vector, int]:
    """Welch's power density over about half a second, and the number of segments in its mean."""
    length = min(samples.size, 2 ** round(np.log2(sample_rate / 2)))
    overlap = length // 2
    frequencies, density = scipy.signal.welch(samples, sample_rate, nperseg=length, noverlap=overlap)
    return frequencies, np.asarray(density, dtype=np.float64), 1 + (samples.size - length) // max(1, length - overlap)


def _bands(frequencies: Vector, density: Vector, sample_rate: int) -> tuple[Band, ...]:
    step = sample_rate / 2 / max(1, frequencies.size - 1)
    bands = []
    for low, high in _edges(sample_rate):
        inside = (frequencies >= low) & ((frequencies < high) | (high == sample_rate / 2))
        bands.append(Band(low, high, _decibels(float(density[inside].sum()) * step)))
    return tuple(bands)


def _tones(frequencies: Vector, density: Vector, segments: int) -> tuple[Tone, ...]:
    if frequencies.size < 16:
        return ()
    step = float(frequencies[1])
    candidates = _peaks(frequencies, density)
    tones = [_tone(frequencies, density, peak, step, segments) for peak in candidates]
    found = [tone for tone in tones if tone.prominence >= 0.0]
    return tuple(sorted(found, key=lambda tone: (-tone.prominence, tone.frequency))[:_TONES_KEPT])


def _peaks(frequencies: Vector, density: Vector) -> NDArray[np.int64]:
    """Bins that top their neighbours and stand 6 dB over the median of the 64 bins they are among, strongest first."""
    blocks = max(1, density.size // 64)
    medians = np.array([np.median(block) for block in np.array_split(density, blocks)])
    centres = np.array([block.mean() for block in np.array_split(np.arange(density.size), blocks)])
    background = np.interp(np.arange(density.size), centres, medians)
    inner = density[2:-2]
    top = (inner > density[1:-3]) & (inner >= density[3:-1]) & (inner > 4.0 * background[2:-2])
    peaks = np.flatnonzero(top & (frequencies[2:-2] >= _LOWEST_TONE)) + 2
    order = np.argsort(-density[peaks] / np.maximum(background[peaks], 1e-30), kind="stable")
    return np.asarray(peaks[order[: 2 * _TONES_KEPT]], dtype=np.int64)


def _tone(frequencies: Vector, density: Vector, peak: int, step: float, segments: int) -> Tone:
    lobe = slice(peak - 2, peak + 3)  # the main lobe of the Hann window
    # Parabola through the three logarithms around the peak: within 0.05 bins for the Hann window.
    left, middle, right = np.log(np.maximum(density[peak - 1 : peak + 2], 1e-30))
    curvature = left - 2.0 * middle + right
    frequency = float(frequencies[peak] + (0.5 * step * (left - right) / curvature if curvature < 0 else 0.0))
    width = max(critical_bandwidth(frequency), 6.0 * step)  # in a very short clip a band has no bin beside the lobe
    around = density[(frequencies >= frequency - width / 2) & (frequencies <= frequency + width / 2)]
    # The median does not see the tone nor its neighbours in the band; its bias under the mean of a chi-square
    # variable of 2 * segments degrees of freedom is Wilson and Hilferty's.
    noise = float(np.median(around)) / (1.0 - 1.0 / (9.0 * segments)) ** 3
    power = float(density[lobe].sum()) - 5.0 * noise
    ratio = max(power, 1e-30) * step / max(noise * width, _SILENCE)
    return Tone(frequency, float(10.0 * np.log10(ratio)))


def _frame_power(samples: Vector, sample_rate: int) -> tuple[Vector, float]:
    """Mean power of consecutive frames of about a millisecond, and the frames per second."""
    length = max(1, round(sample_rate * _FRAME_SECONDS))
    count = samples.size // length
    frames = samples[: count * length].reshape(count, length)
    return np.einsum("fs,fs->f", frames, frames).astype(np.float64) / length, sample_rate / length


def _modulation(frames: tuple[Vector, float]) -> tuple[float, float]:
    """Rate in Hz and depth of the strongest line in the spectrum of the envelope."""
    power, rate = frames
    lowest = max(_MODULATION_HZ[0], 4.0 * rate / max(1, power.size))  # clear of the window's lobe around zero
    if lowest >= _MODULATION_HZ[1] or not power.any():
        return 0.0, 0.0
    gain = np.exp(-0.5 * (np.fft.rfftfreq(power.size, 1 / rate) / _SMOOTHING_HZ) ** 2)
    smooth = np.fft.irfft(np.fft.rfft(power) * gain, power.size)
    envelope = np.sqrt(np.maximum(smooth, 0.0))
    window = scipy.signal.windows.hann(power.size, sym=False)
    mean = float(np.average(envelope, weights=window))
    padded = 4 * power.size  # so fine that the nearest bin holds the line's height within 0.1 dB
    frequencies = np.fft.rfftfreq(padded, 1 / rate)
    line = np.abs(np.fft.rfft((envelope - mean) * window, padded)) * 2.0 / window.sum()
    inside = (frequencies >= lowest) & (frequencies <= _MODULATION_HZ[1])
    best = int(np.argmax(np.where(inside, line, -1.0)))
    correction = np.exp(-0.5 * (frequencies[best] / _SMOOTHING_HZ) ** 2)
    return float(frequencies[best]), float(line[best] / max(mean, 1e-15) / correction)


def _whiten(samples: Vector, density: Vector) -> Vector:
    """The samples minus their linear prediction, which leaves impulses standing (Sawalhi and Randall 2004)."""
    correlation = np.fft.irfft(density)[: _WHITENING_ORDER + 1]
    if correlation.size <= _WHITENING_ORDER:
        return samples
    correlation[0] *= 1.0 + 1e-6
    prediction = scipy.linalg.solve_toeplitz(correlation[:-1], correlation[1:])
    filter_ = np.concatenate([[1.0], -prediction]).astype(np.float32)
    return np.asarray(np.convolve(samples, filter_)[: samples.size])


def _impulses(residual: Vector, sample_rate: int) -> int:
    """Count the bursts of frames well above the quarter of a second they are in."""
    power, rate = _frame_power(residual, sample_rate)
    if power.size < 16:
        return 0
    blocks = max(1, round(power.size / (0.25 * rate)))
    background = np.concatenate([np.full(block.size, np.median(block)) for block in np.array_split(power, blocks)])
    loud = np.flatnonzero(power > _IMPULSE_RATIO * np.maximum(background, 1e-3 * power.mean()))
    return int(np.count_nonzero(np.diff(loud, prepend=-power.size) > _IMPULSE_GAP_SECONDS * rate))
