"""Acoustic measures of one clip: level, bands, tones, swelling and impulses, with their physical units.

Everything but levels is unchanged by a gain. Power below -120 dB re full scale counts as silence, so that every figure
is finite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.impulses import frame_power, impulse_rate
from asd_core.audio.level_track import Clipping, Dropouts, find_clipping, find_dropouts, level_track
from asd_core.audio.power_density import PowerDensity, power_density
from asd_core.audio.swellings import Swelling, find_swellings
from asd_core.audio.tones import Tone, find_tones
from asd_core.errors import ClipError

_SILENCE = 1e-12  # power re full scale: -120 dB, 24 dB below the quantisation noise of 16 bits
_BAND_EDGES = (0.0, *(62.5 * 2.0**n for n in range(12)))  # Hz; octaves above 62.5 Hz


@dataclass(frozen=True)
class Band:
    """The level of one frequency band: low and high edge in Hz, level in dB re full scale (RMS).

    ``steady`` is the median level of half a second, which events of a moment leave alone. None: not measured.
    """

    low: float
    high: float
    level: float
    steady: float | None = None


@dataclass(frozen=True)
class AcousticMeasures:
    """Measures of one clip.

    Attributes:
        seconds: length of the clip.
        level: RMS level without the mean, dB re full scale (a full-scale sine is at -3.0).
        bands: octave bands up to the Nyquist frequency, lowest first.
        tones: at least 0 dB above the noise around them, most prominent first; at most 24.
        crest: peak over RMS, dB (sine: 3.0).
        kurtosis: excess kurtosis of the samples (Gaussian noise: 0, sine: -1.5).
        swellings: regular swellings of the level at 0.5 to 30 per second, deepest first; at most 6. None: not measured.
        impulse_rate: impulses per second. None: not measured.
        track: level of each twentieth of a second, dB re full scale. None: not measured.
        clipping: samples cut off at a limit. None: not measured.
        dropouts: moments of samples that stand still. None: not measured.
    """

    seconds: float
    level: float
    bands: tuple[Band, ...]
    tones: tuple[Tone, ...]
    crest: float
    kurtosis: float
    swellings: tuple[Swelling, ...] | None = None
    impulse_rate: float | None = None
    track: tuple[float, ...] | None = None
    clipping: Clipping | None = None
    dropouts: Dropouts | None = None


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
    raw = np.asarray(waveform, dtype=np.float32)
    samples = raw - raw.mean(dtype=np.float64).astype(np.float32)
    squares = np.square(samples)
    power = float(squares.mean(dtype=np.float64))
    if power <= _SILENCE:
        return _silence(seconds, sample_rate)
    spectrum = power_density(samples, sample_rate)
    frames = frame_power(samples, sample_rate)
    return AcousticMeasures(
        seconds=seconds,
        level=_decibels(power),
        bands=_bands(spectrum, sample_rate),
        tones=find_tones(spectrum),
        crest=_decibels(float(squares.max()) / power),
        kurtosis=float(np.square(squares / np.float32(power)).mean(dtype=np.float64)) - 3.0,
        swellings=find_swellings(*frames),
        impulse_rate=impulse_rate(samples, sample_rate),
        track=level_track(samples, sample_rate),
        clipping=find_clipping(raw),
        dropouts=find_dropouts(raw, sample_rate),
    )


def _silence(seconds: float, sample_rate: int) -> AcousticMeasures:
    bands = tuple(Band(low, high, _decibels(0.0), _decibels(0.0)) for low, high in _edges(sample_rate))
    still, whole = Dropouts(1, seconds), Clipping(0.0, _decibels(0.0))
    return AcousticMeasures(seconds, _decibels(0.0), bands, (), 0.0, 0.0, (), 0.0, (), whole, still)


def _decibels(power: float) -> float:
    return float(10.0 * np.log10(max(power, _SILENCE)))


def _edges(sample_rate: int) -> list[tuple[float, float]]:
    nyquist = sample_rate / 2
    pairs = zip(_BAND_EDGES, _BAND_EDGES[1:], strict=False)
    return [(low, min(high, nyquist)) for low, high in pairs if low < nyquist]


def _bands(spectrum: PowerDensity, sample_rate: int) -> tuple[Band, ...]:
    edges = _edges(sample_rate)
    starts = np.searchsorted(spectrum.frequencies, [low for low, _ in edges])
    ends = [*starts[1:], spectrum.frequencies.size]
    step = sample_rate / 2 / max(1, spectrum.frequencies.size - 1)
    bands = []
    for edge, a, b in zip(edges, starts, ends, strict=True):
        course = spectrum.course[:, a:b].sum(axis=1)
        power, steady = float(spectrum.density[a:b].sum()), float(np.median(course))
        bands.append(Band(*edge, _decibels(power * step), _decibels(steady * step)))
    return tuple(bands)
