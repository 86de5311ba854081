"""Swelling: how a sound's level rises and falls at a regular pace."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

_SMOOTHING_HZ = 60.0  # standard deviation of the envelope's low-pass: far above every rate looked for
_RATES = (0.5, 30.0)  # Hz
_ENVELOPE_HZ = 250.0  # the envelope's own rate once it is smooth
_PADDED = 4  # so fine that the nearest bin holds the line's height within 0.1 dB
_LEAST_DEPTH = 0.02
_STANDS_OUT = 4.0  # height of a line over the median around it: of noise one line in 65,000 gets there
_AROUND_HZ = 4.0
_LINES = 16
_KEPT = 6
_MEMBER = 0.2  # share of the strongest line's height that makes another line a part of the same swelling
_ORDERS = 10  # highest multiple that a rate is told by
_MOST_LINES_BELOW = 6  # a strongest line is at most this harmonic of the rate


@dataclass(frozen=True)
class Swelling:
    """A regular swelling: its rate in Hz, and its depth, the amplitude over the mean (1: full sinusoidal)."""

    rate: float
    depth: float


def find_swellings(power: NDArray[np.float64], rate: float) -> tuple[Swelling, ...]:
    """Regular swellings between 0.5 and 30 per second, deepest first; at most 6.

    A swelling that is no sine has several lines in the spectrum of the envelope. It is named by the rate at which it
    repeats, and its depth takes all its lines together.

    Args:
        power: of consecutive frames, (N,).
        rate: frames per second.
    """
    envelope, rate = _envelope(power, rate)
    lowest = max(_RATES[0], 4.0 * rate / max(1, envelope.size))  # clear of the window's lobe around zero
    if lowest >= _RATES[1] or not envelope.any():
        return ()
    heights, step = _heights(envelope, rate)
    width = max(2, round(2.0 * rate / envelope.size / step))  # half a main lobe of the Hann window
    lines = _lines(heights, step, width, lowest)
    return _grouped(lines, 2.0 * width * step / 2)


def _envelope(power: NDArray[np.float64], rate: float) -> tuple[NDArray[np.float64], float]:
    """Root of the smoothed power, and its values per second."""
    if not power.size:
        return power, rate
    kept = min(power.size, max(1, round(power.size * _ENVELOPE_HZ / rate)))
    spectrum = scipy.fft.rfft(power)[: kept // 2 + 1]
    gain = np.exp(-0.5 * (np.arange(spectrum.size) * rate / power.size / _SMOOTHING_HZ) ** 2)
    smooth = scipy.fft.irfft(spectrum * gain, kept) * (kept / power.size)
    return np.sqrt(np.maximum(smooth, 0.0)), kept * rate / power.size


def _heights(envelope: NDArray[np.float64], rate: float) -> tuple[NDArray[np.float64], float]:
    """Amplitude over the mean at each frequency up to the highest rate, and Hz from bin to bin."""
    window = _hann(envelope.size)
    mean = float(np.average(envelope, weights=window)) if envelope.size > 2 else float(envelope.mean())
    size = scipy.fft.next_fast_len(_PADDED * envelope.size, real=True)
    step = rate / size
    spectrum = np.abs(scipy.fft.rfft((envelope - mean) * window, size))[: round(2 * _RATES[1] / step) + 1]
    correction = np.exp(-0.5 * (np.arange(spectrum.size) * step / _SMOOTHING_HZ) ** 2)
    return spectrum * 2.0 / max(float(window.sum()), 1e-15) / max(mean, 1e-15) / correction, step


def _lines(heights: NDArray[np.float64], step: float, width: int, lowest: float) -> list[tuple[float, float]]:
    """(rate, depth) of the lines that stand out of their surroundings, deepest first."""
    first, last = max(width, round(lowest / step)), min(heights.size - 1, round(_RATES[1] / step) + 1)
    inner = heights[first:last]
    if inner.size < 1:
        return []
    top = (inner >= heights[first - 1 : last - 1]) & (inner > heights[first + 1 : last + 1]) & (inner > _LEAST_DEPTH)
    found: list[tuple[float, float]] = []
    for peak in np.flatnonzero(top)[np.argsort(-inner[top], kind="stable")] + first:
        reach = round(_AROUND_HZ / step)
        around = heights[max(first, peak - reach) : peak + reach + 1]
        apart = all(abs(peak * step - other) > 1.5 * width * step for other, _ in found)
        if apart and heights[peak] > _STANDS_OUT * float(np.median(around)):
            found.append((float(peak * step), float(heights[peak])))
        if len(found) == _LINES:
            break
    return found


def _grouped(lines: list[tuple[float, float]], tolerance: float) -> tuple[Swelling, ...]:
    """Lines put together that are multiples of one rate, or the sums and differences of two rates."""
    left, swellings = list(lines), list[Swelling]()
    while left and len(swellings) < _KEPT:
        rate = _fundamental(left, tolerance)
        own = [line for line in left if _is_multiple(line[0], rate, tolerance)]
        left = [line for line in left if line not in own]
        if not _is_mixed(rate, own[0][1], swellings, tolerance):
            swellings.append(Swelling(rate, float(np.sqrt(sum(depth**2 for _, depth in own)))))
    return tuple(sorted(swellings, key=lambda swelling: -swelling.depth))


def _fundamental(lines: list[tuple[float, float]], tolerance: float) -> float:
    """The rate of which the deepest line is a multiple: its own, or a lower one that has lines of its own."""
    strongest, height = lines[0]
    members = [rate for rate, depth in lines if depth >= _MEMBER * height]
    for divisor in range(_MOST_LINES_BELOW, 1, -1):
        rate = strongest / divisor
        own = [
            m
            for m in members
            if _is_multiple(m, rate, tolerance, _ORDERS) and not _is_multiple(m, strongest, tolerance)
        ]
        here = [m for m in own if abs(m - rate) <= tolerance]
        prime = [m for m in own if np.gcd(round(m / rate), divisor) == 1]
        if rate >= _RATES[0] and prime and (here or len(prime) > 1):
            return here[0] if here else rate
    return strongest


def _is_multiple(line: float, rate: float, tolerance: float, most: int = 60) -> bool:
    order = round(line / rate)
    return 1 <= order <= most and abs(line - order * rate) <= min(tolerance * max(1.0, order / 4), rate / 6)


def _is_mixed(rate: float, depth: float, deeper: list[Swelling], tolerance: float) -> bool:
    """True for the sum or difference of two deeper swellings, which their product holds."""
    orders = (1, 2)
    return any(
        abs(rate - abs(m * a.rate + sign * b.rate)) <= tolerance and depth < min(a.depth, b.depth)
        for a in deeper
        for b in deeper
        if a is not b
        for m in orders
        for sign in (1, -1)
    )


@lru_cache(maxsize=8)
def _hann(length: int) -> NDArray[np.float64]:
    if length < 3:
        return np.ones(length)
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length))
