"""Tones: spectral lines, and lines that waver, each with its power over the noise around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.power_density import PowerDensity, Vector

WAVERS = 0.006
"""Share of the frequency from which a tone wavers audibly."""

RESOLUTION = 4.0
"""Hz that two tones lie apart at least: two bins of the spectrum."""

_TOLERANCE = 0.02  # share of the frequency: the same tone at a slightly different speed
_LOWEST = 20.0  # Hz
_KEPT = 24
_RISE = 4.0  # power of a candidate over the noise around it: 6 dB
_EDGE = 2.0  # power over the noise down to which a tone reaches: 3 dB
_LOBE = 2  # bins of the Hann window's main lobe on either side of a line
_LINE = 0.75  # share of a tone's power in one lobe from which it does not waver
_WIDEST = 0.12  # share of the frequency that a wavering tone reaches to either side
_GAP = 0.004  # share of the frequency that may lie between two parts of one wavering tone
_BLOCK_BINS = 32
_BESIDE = 16  # bins


@dataclass(frozen=True)
class Tone:
    """A tone: frequency in Hz and prominence in dB, its power over that of the noise around it.

    The noise is that of the critical band around the tone (Zwicker and Terhardt 1980), as in the tone-to-noise
    ratio of ECMA-74, so that the figure does not depend on the resolution of the analysis. ``level`` is its own in dB
    re full scale. ``wavering`` is how far its frequency strays to either side, as a share of it; 0: steady.
    ``presence`` is the share of the time in which it sounds.
    """

    frequency: float
    prominence: float
    level: float = -120.0
    wavering: float = 0.0
    presence: float = 1.0


def critical_bandwidth(frequency: float) -> float:
    """Width in Hz of the critical band around a frequency in Hz.

    Zwicker and Terhardt, "Analytical expressions for critical-band rate and critical bandwidth", 1980.
    """
    return float(25.0 + 75.0 * (1.0 + 1.4 * (frequency / 1000.0) ** 2) ** 0.69)


def find_tones(spectrum: PowerDensity) -> tuple[Tone, ...]:
    """Tones at least 0 dB above the noise around them, most prominent first; at most 24."""
    if spectrum.frequencies.size < 16:
        return ()
    noise = _noise(spectrum)
    regions = [region for region in _regions(spectrum, noise) if _stands_out(spectrum, *region[1:])]
    found = [_tone(spectrum, noise, *region) for region in regions]
    kept = [tone for tone in found if tone.prominence >= 0.0]
    return tuple(sorted(kept, key=lambda tone: (-tone.prominence, tone.frequency))[:_KEPT])


def apart(tones: Sequence[Tone]) -> list[Tone]:
    """Tones without those near a more prominent one: sidebands are not tones of their own."""
    kept: list[Tone] = []
    for tone in tones:
        if not any(is_same(other, tone.frequency) for other in kept):
            kept.append(tone)
    return kept


def is_same(tone: Tone, frequency: float, wavering: float = 0.0) -> bool:
    """True where a tone is the one at a frequency, which may waver by a share of it."""
    share = _TOLERANCE + max(tone.wavering, wavering)
    return abs(tone.frequency - frequency) <= max(share * frequency, RESOLUTION)


def _noise(spectrum: PowerDensity) -> Vector:
    """Density without tones, from the medians of blocks half a critical band wide.

    A wavering tone fills a block or two and stands out of both sides. So the noise of a block is no more than the
    higher of its sides, each the lower of the two blocks there; at the edge of what a recording holds one side is left.
    """
    edges, size = [0], spectrum.density.size
    while edges[-1] < size:
        width = max(_BLOCK_BINS, round(0.5 * critical_bandwidth(edges[-1] * spectrum.step) / spectrum.step))
        edges.append(min(size, edges[-1] + width))
    medians = np.array([_median(spectrum.density[a:b]) for a, b in zip(edges, edges[1:], strict=False)])
    far = np.concatenate([[0.0, 0.0], medians, [0.0, 0.0]])
    near = np.concatenate([[np.inf], medians, [np.inf]])
    left = np.where(np.arange(medians.size) > 1, np.minimum(far[:-4], near[:-2]), far[1:-3])
    right = np.where(np.arange(medians.size) < medians.size - 2, np.minimum(far[4:], near[2:]), far[3:-1])
    sides = np.maximum(left, right)
    noise = np.where(sides > 0, np.minimum(medians, sides), medians)
    centres = [(a + b - 1) / 2 for a, b in zip(edges, edges[1:], strict=False)]
    return np.asarray(np.exp(np.interp(np.arange(size), centres, np.log(np.maximum(noise, 1e-30)))))


def _median(values: Vector) -> float:
    middle = values.size // 2
    return float(np.partition(values, middle)[middle])


def _regions(spectrum: PowerDensity, noise: Vector) -> Iterator[tuple[int, int, int]]:
    """(peak, first, behind) of the bins of each tone, the strongest first; no bin belongs to two."""
    rise = spectrum.density / np.maximum(noise, 1e-30)
    inner = rise[_LOBE:-_LOBE]
    top = (inner > rise[_LOBE - 1 : -_LOBE - 1]) & (inner >= rise[_LOBE + 1 : -_LOBE + 1 or None]) & (inner > _RISE)
    peaks = np.flatnonzero(top & (spectrum.frequencies[_LOBE:-_LOBE] >= _LOWEST)) + _LOBE
    taken = np.zeros(rise.size, bool)
    count = 0
    for peak in peaks[np.argsort(-rise[peaks], kind="stable")]:
        if taken[peak]:
            continue
        first, behind = _reach(rise, int(peak), spectrum)
        taken[first:behind] = True
        yield int(peak), first, behind
        count += 1
        if count == 2 * _KEPT:
            return


def _stands_out(spectrum: PowerDensity, first: int, behind: int) -> bool:
    """False at the edge of a band: to one side it is as loud as in the region itself."""
    inside = 0.5 * float(spectrum.density[first:behind].mean())
    sides = spectrum.density[max(0, first - _BESIDE) : first], spectrum.density[behind : behind + _BESIDE]
    return all(side.size == 0 or float(np.median(side)) < inside for side in sides)


def _reach(rise: Vector, peak: int, spectrum: PowerDensity) -> tuple[int, int]:
    """The bins around a peak that stand out of the noise, across small gaps."""
    gap = max(_LOBE, round(_GAP * peak))
    most = max(_LOBE, round(_WIDEST * peak))
    ends = []
    for side in (rise[peak : peak + most + 1], rise[max(0, peak - most) : peak + 1][::-1]):
        loud = np.flatnonzero(side > _EDGE)
        holes = np.flatnonzero(np.diff(loud) > gap)
        ends.append(max(_LOBE, int(loud[holes[0]] if holes.size else loud[-1])))
    return max(0, peak - ends[1]), min(rise.size, peak + ends[0] + 1)


def _tone(spectrum: PowerDensity, noise: Vector, peak: int, first: int, behind: int) -> Tone:
    frequencies, density, step = spectrum.frequencies, spectrum.density, spectrum.step
    lobe = max(0, peak - _LOBE), min(density.size, peak + _LOBE + 1)
    is_line = behind - first <= 4 * _LOBE + 1 or density[slice(*lobe)].sum() >= _LINE * density[first:behind].sum()
    if is_line:
        first, behind = lobe
    around = np.flatnonzero(np.abs(frequencies - frequencies[peak]) <= _width(frequencies[peak], step) / 2)
    beside = density[around[(around < first) | (around >= behind)]]
    # The median does not see the tone nor its neighbours in the band; its bias under the mean of a chi-square
    # variable of 2 * segments degrees of freedom is Wilson and Hilferty's.
    floor = float(np.median(beside)) if beside.size > behind - first else float(noise[peak])
    floor /= (1.0 - 1.0 / (9.0 * spectrum.segments)) ** 3
    own = np.maximum(density[first:behind] - floor, 0.0) if not is_line else density[first:behind] - floor
    power = max(float(own.sum()) * step, 1e-30)
    frequency, wavering = (_line(spectrum, peak), 0.0) if is_line else _middle(frequencies[first:behind], own)
    ratio = power / max(floor * _width(frequency, step), 1e-12)
    return Tone(frequency, _decibels(ratio), _decibels(power), wavering, _presence(spectrum, first, behind, floor))


def _presence(spectrum: PowerDensity, first: int, behind: int, floor: float) -> float:
    """Share of the segments in which the tone has a quarter of its mean power or more."""
    powers = spectrum.course[:, first:behind].sum(axis=1) - np.float32(floor * (behind - first))
    return float(np.mean(powers >= 0.25 * powers.mean()))


def _width(frequency: float, step: float) -> float:
    return max(critical_bandwidth(frequency), 6.0 * step)  # in a very short clip a band has no bin beside the lobe


def _line(spectrum: PowerDensity, peak: int) -> float:
    """Parabola through the three logarithms around the peak: within 0.05 bins for the Hann window."""
    left, middle, right = np.log(np.maximum(spectrum.density[peak - 1 : peak + 2], 1e-30))
    curvature = left - 2.0 * middle + right
    moved = 0.5 * spectrum.step * (left - right) / curvature if curvature < 0 else 0.0
    return float(spectrum.frequencies[peak] + moved)


def _middle(frequencies: Vector, own: NDArray[np.float64]) -> tuple[float, float]:
    """Frequency in the middle of a wavering tone's power, and the share of it to either side that holds nine tenths."""
    share = np.cumsum(own) / max(float(own.sum()), 1e-30)
    low, middle, high = np.interp([0.05, 0.5, 0.95], share, frequencies)
    return float(middle), float((high - low) / 2 / middle)


def _decibels(power: float) -> float:
    return float(10.0 * np.log10(max(power, 1e-12)))
