"""Impulses: knocks, clicks and bursts that stand out of the sound around them, and their pace."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from asd_core.audio.power_density import Vector

Levels = NDArray[np.float32]

_FRAME_SECONDS = 1e-3
_WINDOW_FRAMES = 4
_EDGES = (375.0, 750.0, 1500.0, 2500.0, 3500.0, 5000.0, 7000.0, 10_000.0, 14_000.0, 20_000.0)  # Hz
_BACKGROUND_FRAMES = 250
# Standard deviations of a cube root of power; noise gets to the last in no clip.
_NEAR_CHANCE, _LITTLE_CHANCE, _NO_CHANCE = 4.0, 5.0, 6.5
_APART = 4  # frames: two impulses at 250 per second
_LEAST = 0.03  # share of a band's mean power that its noise has at least: there are silent moments
_EMPTY = 1e-5  # power over that of the loudest band below which a band holds rounding errors
_NEAR = 14  # frames
_ONE_BURST = 12  # frames between impulses of no regular pace that belong to one burst
_PACES = (0.4, 200.0)  # per second
_STEADY = 8.0  # per second: faster paces need not hold longer than `_STRETCH`
_SWELLS = 35.0  # per second: up to here crests of a swelling may look like impulses
_STRETCH = 2.0  # seconds
_EVEN = 0.5  # agreement of the moments with a pace: 1 for a perfect pace, near 0 for none
_SAME_PACE = 0.55  # share of the best agreement at which a whole part of that pace is the pace
_SHORT = 0.4  # agreement with four times the pace over that with the pace: moments of a sine's crests have 0.1
_COUNTED = 0.6  # share of the impulses of a slow pace that stand out each
_SHARE = 0.1  # impulses that stand out over those that the pace would give


def frame_power(samples: Vector, sample_rate: int) -> tuple[NDArray[np.float64], float]:
    """Mean power of consecutive frames of about a millisecond, and the frames per second."""
    length = max(1, round(sample_rate * _FRAME_SECONDS))
    count = samples.size // length
    frames = samples[: count * length].reshape(count, length)
    return np.einsum("fs,fs->f", frames, frames).astype(np.float64) / length, sample_rate / length


def impulse_rate(samples: Vector, sample_rate: int) -> float:
    """Impulses per second; 0: none.

    Each band of the spectrum is looked at by itself, over its own noise, as an impulse is strong where its resonance
    is. Evenly spaced impulses have the rate of their pace, which holds where single ones are lost in the noise or are
    of different strength. Others are counted.

    Args:
        samples: (T,).
        sample_rate: Hz.
    """
    bands, rate, freedom = _band_powers(samples, sample_rate)
    if bands.shape[1] < 4 * _WINDOW_FRAMES:
        return 0.0
    background, frames = _background(bands, freedom), bands.shape[1]
    over = bands / np.maximum(background, _surroundings(bands))
    pace = _slow_pace(_peaks((over / _quantile(freedom, _LITTLE_CHANCE)[:, None]).max(axis=0)), frames, rate)
    if pace:
        return pace
    near = _peaks((bands / background / _quantile(freedom, _NEAR_CHANCE)[:, None]).max(axis=0))
    pace = _fast_pace(near, frames, rate)
    if pace < 0 or 0 < pace * frames / rate * _SHARE <= near.size:
        return max(0.0, pace)
    found = _peaks((over / _quantile(freedom, _NO_CHANCE)[:, None]).max(axis=0))
    return float(np.count_nonzero(np.diff(found, prepend=-2 * _ONE_BURST) > _ONE_BURST) * rate / frames)


def _band_powers(samples: Vector, sample_rate: int) -> tuple[Levels, float, NDArray[np.float64]]:
    """Power in bands, (B, N) one frame a millisecond, the frames per second, and each band's degrees of freedom."""
    hop = max(1, round(sample_rate * _FRAME_SECONDS))
    length = _WINDOW_FRAMES * hop
    inside = [edge for edge in _EDGES if edge < 0.5 * sample_rate]
    edges = [*(round(edge * length / sample_rate) for edge in inside), length // 2 + 1]
    if samples.size < 2 * length or len(edges) < 2:
        return np.zeros((0, 0), np.float32), sample_rate / hop, np.zeros(0)
    steep = np.diff(samples, 2)  # 12 dB an octave: what hums far below does not leak into the bands
    frames = np.lib.stride_tricks.sliding_window_view(steep, length)[::hop]
    window = np.hanning(length + 2)[1:-1].astype(np.float32)
    spectrum = scipy.fft.rfft(frames * window, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    starts = edges[:-1]
    bands = np.add.reduceat(power, starts, axis=1).T
    means = power.mean(axis=0, dtype=np.float64)
    # A Hann window's bins are 1.5 bins wide, and bins without power do not count.
    parts = [means[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    freedom = np.array([2.0 * max(1.0, part.sum() ** 2 / max(np.square(part).sum(), 1e-300) / 1.5) for part in parts])
    return np.ascontiguousarray(bands) + np.float32(1e-30), sample_rate / hop, freedom


def _background(bands: Levels, freedom: NDArray[np.float64]) -> Levels:
    """Power of the noise between impulses: from the lowest tenth of a quarter of a second, which they leave alone."""
    length = min(bands.shape[1], _BACKGROUND_FRAMES)
    blocks = bands[:, : bands.shape[1] // length * length].reshape(len(bands), -1, length)
    tenths = np.partition(blocks, length // 10, axis=2)[:, :, length // 10]
    floor = tenths / _quantile(freedom, -1.2816)[:, None]
    means = bands.mean(axis=1, keepdims=True)
    floor = np.maximum(floor, np.maximum(_LEAST * means, _EMPTY * means.max()))
    block = np.minimum(np.arange(bands.shape[1]) // length, floor.shape[1] - 1)
    return np.asarray(floor[:, block], np.float32)


def _surroundings(bands: Levels) -> Levels:
    """Mean power of ten frames shortly before or after, the lower of both: a swelling's crest stands out of neither."""
    total = np.cumsum(np.pad(bands, ((0, 0), (_NEAR + 1, _NEAR)), mode="edge"), axis=1, dtype=np.float64)
    count, width = bands.shape[1], _NEAR - _APART
    before = total[:, width : width + count] - total[:, :count]
    after = total[:, 2 * _NEAR + 1 :] - total[:, 2 * _NEAR + 1 - width : 2 * _NEAR + 1 - width + count]
    return np.asarray(np.minimum(before, after) / width, np.float32)


def _quantile(freedom: NDArray[np.float64], deviations: float) -> NDArray[np.float64]:
    """Quantile of a chi-square variable over its mean (Wilson and Hilferty)."""
    spread = 2.0 / (9.0 * freedom)
    return np.asarray(np.maximum(1e-3, (1.0 - spread + deviations * np.sqrt(spread)) ** 3), np.float32)


def _peaks(excess: Levels) -> NDArray[np.int64]:
    """Frames over 1, each the highest of its surroundings."""
    loud = np.flatnonzero(excess > 1.0)
    if not loud.size:
        return loud
    padded = np.pad(excess, _APART)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _APART + 1)[loud]
    tops = loud[excess[loud] >= around.max(axis=1)]
    return np.asarray(tops[np.diff(tops, prepend=-_APART) > 1])


def _fast_pace(moments: NDArray[np.int64], frames: int, rate: float) -> float:
    """Rate of evenly spaced short impulses at 8 per second or more; 0: they are not; -1: crests of a swelling."""
    stretch = min(frames, round(_STRETCH * rate))
    agreement, step = _agreement(moments, frames, stretch, rate)
    agreement[: round(_STEADY / step)] = 0.0
    return _slowest(agreement, step, 2.6 / np.sqrt(max(1.0, moments.size * stretch / frames)))


def _slow_pace(moments: NDArray[np.int64], frames: int, rate: float) -> float:
    """Rate of evenly spaced short impulses at 0.4 to 8 per second; 0: they are not."""
    agreement, step = _agreement(moments, frames, frames, rate)
    agreement[: round(max(_PACES[0], 3.0 * rate / frames) / step)] = 0.0
    found = _slowest(agreement, step, 3.7 / np.sqrt(max(1, moments.size)))
    return found if 0 < found < _STEADY and moments.size >= _COUNTED * found * frames / rate else 0.0


def _slowest(agreement: NDArray[np.float64], step: float, chance: float) -> float:
    """The slowest of the paces that moments agree with best; 0: chance agrees as well; -1: crests of a swelling do."""
    limit = min(agreement.size, round(_PACES[1] / step))
    if agreement[:limit].max() < max(_EVEN, chance):
        return 0.0
    best = int(np.argmax(agreement[:limit]))
    least, first = max(chance, _SAME_PACE * float(agreement[best])), int(np.argmax(agreement > 0.0))
    top = best
    for divisor in range(best // max(first, 1), 1, -1):
        slower = round(best / divisor)
        around = agreement[max(first, slower - 1) : slower + 2]
        if around.size and around.max() >= least and _has_multiples(agreement[:limit], best / divisor, least):
            top = max(first, slower - 1) + int(np.argmax(around))
            break
    fourth = agreement[round(3.9 * top) : round(4.1 * top) + 1].max(initial=0.0)
    is_short = top * step > _SWELLS or 4.1 * top > agreement.size or fourth >= _SHORT * agreement[top]
    return top * step if is_short else -1.0


def _has_multiples(agreement: NDArray[np.float64], top: float, least: float) -> bool:
    """True if moments agree as well with twice and three times a pace, as far as they are looked for."""
    places = [round(order * top) for order in (2, 3) if order * top < agreement.size - 1]
    return all(agreement[place - 1 : place + 2].max() >= least for place in places)


def _agreement(moments: NDArray[np.int64], frames: int, length: int, rate: float) -> tuple[NDArray[np.float64], float]:
    """How well moments agree with each pace, 0 to 1, and the step from pace to pace per second.

    The sum of the moments' unit vectors at a frequency over their number (Rayleigh), stretch by stretch.
    """
    total = np.zeros(0)
    size = scipy.fft.next_fast_len(4 * length, real=True)
    for first in range(0, frames, length):
        inside = moments[(moments >= first) & (moments < first + length)] - first
        train = np.zeros(length, np.float32)
        train[inside] = 1.0
        found = np.abs(scipy.fft.rfft(train, size)).astype(np.float64)
        total = found if not total.size else total + found
    return total / max(1, moments.size), rate / size
