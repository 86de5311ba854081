"""Spectrograms of a clip and its nearest normal clip as PNGs to compare side by side.

Both share the frequency axis (mel spaced, labelled in Hz), the colours and their range in dB: only differences of
the sounds look different.
"""

from __future__ import annotations

import functools
import io
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.typing import NDArray

from asd_core.pages.drawing import round_values

Waveform = NDArray[np.float32]
Grid = NDArray[np.floating[Any]]

WIDTH, HEIGHT = 720, 372
_LEFT, _TOP, _RIGHT, _BOTTOM = 92, 16, 594, 326  # the plot's edges
_BAR = (608, 624)
_COLOURS = 224  # of the palette; the rest are shades between background and text
_PAPER, _INK = (18, 17, 26), (226, 226, 232)
_TEXT_SIZE = 20
_RANGE_DB = 70.0
_FLOOR = 1e-12  # power: -120 dB
_SHADES = np.array([_COLOURS + coverage * (255 - _COLOURS) // 255 for coverage in range(256)], np.uint8)


def draw_spectrograms(recordings: Sequence[tuple[Waveform, int]]) -> list[bytes]:
    """Draw waveforms, (T,) with their sample rate, as PNGs of 720 x 372 with one frequency axis and colour range.

    Levels are those of a bin of the transform, in dB re a full-scale sine.
    """
    highest = max(sample_rate for _, sample_rate in recordings) / 2
    grids = [_levels(waveform, sample_rate, highest) for waveform, sample_rate in recordings]
    top = 5.0 * math.ceil(max(float(np.percentile(grid, 99.9)) for grid in grids) / 5.0)
    pairs = zip(grids, recordings, strict=True)
    return [_draw(grid, top, waveform.size / rate, highest) for grid, (waveform, rate) in pairs]


def _levels(waveform: Waveform, sample_rate: int, highest: float) -> Grid:
    """Mel-spaced level in dB, (rows, columns), lowest frequency first."""
    columns = _RIGHT - _LEFT
    hop = max(64, waveform.size // columns)
    length = max(1024, 2 ** math.ceil(math.log2(2 * hop)))  # no sample falls between two windows
    padded = np.pad(waveform, (length // 2, length // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    window = np.hanning(length).astype(np.float32)
    spectrum = scipy.fft.rfft(frames * window, axis=1)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)) * (2.0 / window.sum()) ** 2
    over_frequency = _frequency_means(power.shape[1], length, sample_rate, highest)
    over_time = _means(power.shape[0], tuple(np.linspace(0.0, power.shape[0], columns + 1)))
    shown = over_time @ (over_frequency @ np.ascontiguousarray(power.T)).T
    return np.asarray(10.0 * np.log10(np.maximum(shown.T, _FLOOR)))


@functools.lru_cache(maxsize=16)
def _frequency_means(bins: int, length: int, sample_rate: int, highest: float) -> scipy.sparse.csr_array:
    mels = np.linspace(0.0, _mel(highest), _BOTTOM - _TOP + 1)
    edges = 700.0 * (10.0 ** (mels / 2595.0) - 1.0) * length / sample_rate
    return _means(bins, tuple(edges + 0.5))  # bin b covers b - 1/2 to b + 1/2


@functools.lru_cache(maxsize=16)
def _means(size: int, edges: tuple[float, ...]) -> scipy.sparse.csr_array:
    """Matrix (E, size) of the means of ``size`` values between E + 1 fractional edges; beyond them is nothing."""
    bounds = np.array(edges)
    low, high = bounds[:-1, None], bounds[1:, None]
    values = np.arange(size)
    inside = np.clip(np.minimum(high, values + 1) - np.maximum(low, values), 0.0, None)
    return scipy.sparse.csr_array((inside / (high - low)).astype(np.float32))


def _draw(grid: Grid, top: float, seconds: float, highest: float) -> bytes:
    from PIL import Image

    share = np.clip((grid - (top - _RANGE_DB)) / _RANGE_DB, 0.0, 1.0)
    pixels = np.full((HEIGHT, WIDTH), _COLOURS, dtype=np.uint8)
    pixels[_TOP:_BOTTOM, _LEFT:_RIGHT] = np.round(share[::-1] * (_COLOURS - 1))
    pixels[_TOP:_BOTTOM, _BAR[0] : _BAR[1]] = np.linspace(_COLOURS - 1, 0, _BOTTOM - _TOP)[:, None]
    labels = _labels(top, seconds, highest)
    np.copyto(pixels, _SHADES[labels], where=labels > 0)
    image = Image.fromarray(pixels)
    image.putpalette(_palette())
    out = io.BytesIO()
    # Runs of equal pixels alone: a third of the time of a search for longer patterns, and 3 % more bytes.
    image.save(out, format="PNG", compress_type=zlib.Z_RLE)
    return out.getvalue()


@functools.lru_cache(maxsize=64)
def _labels(top: float, seconds: float, highest: float) -> NDArray[np.uint8]:
    """Text and tick marks as coverage, 0 to 255."""
    from PIL import Image, ImageDraw

    canvas = Image.new("L", (WIDTH, HEIGHT))
    draw, font = ImageDraw.Draw(canvas), _font()
    for hertz in _frequencies(highest):
        y = _BOTTOM - _mel(hertz) / _mel(highest) * (_BOTTOM - _TOP)
        draw.line((_LEFT - 7, y, _LEFT - 1, y), fill=200)
        text = f"{hertz / 1000:g} kHz" if hertz >= 1000 else f"{hertz:g} Hz"
        draw.text((_LEFT - 11, y), text, fill=255, font=font, anchor="rm")
    for second in round_values(0.0, seconds, intervals=5):
        x = _LEFT + second / seconds * (_RIGHT - _LEFT)
        draw.line((x, _BOTTOM, x, _BOTTOM + 6), fill=200)
        draw.text((x, _BOTTOM + 11), f"{second:g} s", fill=255, font=font, anchor="mt")
    for level in (top, top - _RANGE_DB / 2, top - _RANGE_DB):
        y = _BOTTOM - (level - top + _RANGE_DB) / _RANGE_DB * (_BOTTOM - _TOP)
        draw.line((_BAR[1], y, _BAR[1] + 5, y), fill=200)
        draw.text((_BAR[1] + 8, y), f"{level:.0f} dB".replace("-", "−"), fill=255, font=font, anchor="lm")
    return np.asarray(canvas)


def _frequencies(highest: float) -> list[float]:
    """Labels that are at least a line of text apart."""
    shown: list[float] = []
    for hertz in (0.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 32000.0, 64000.0):
        gap = (_mel(hertz) - _mel(shown[-1])) / _mel(highest) * (_BOTTOM - _TOP) if shown else math.inf
        if hertz <= highest and gap >= 1.2 * _TEXT_SIZE:
            shown.append(hertz)
    return shown


def _mel(hertz: float) -> float:
    return 2595.0 * math.log10(1.0 + hertz / 700.0)


@functools.cache
def _palette() -> bytes:
    import matplotlib

    colours = matplotlib.colormaps["magma"](np.linspace(0.0, 1.0, _COLOURS))[:, :3] * 255
    shades = np.linspace(_PAPER, _INK, 256 - _COLOURS)
    return bytes(np.concatenate([colours, shades]).round().astype(np.uint8).tobytes())


@functools.cache
def _font() -> Any:
    import matplotlib
    from PIL import ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), _TEXT_SIZE)
