"""Differences in rhythm: swellings, impulses and peaks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Collection, Iterator, Sequence

from asd_core.audio.findings import Finding, deviation
from asd_core.audio.measures import AcousticMeasures
from asd_core.audio.swellings import Swelling

_DEPTH_MARGIN = 0.12
_SLOW_DEPTH_MARGIN = 0.3  # of swellings slower than `_SLOW`: wind, load and passing machines swell too
_SLOW = 2.5  # per second
_RATE_MARGIN = 0.05  # share of the rate
_IMPULSE_MARGIN = 2.5  # per second
_CREST_MARGIN = 6.0  # dB
_PULSATES = 0.3  # depth
_BEATS_AT = 0.7  # per second: what two frequencies are exact to
_ALIKE = 0.5  # share of depth that two swellings have in common where one has moved to another rate


def impulse_difference(
    clip: AcousticMeasures, normals: Sequence[AcousticMeasures], speed: float = 1.0
) -> Finding | None:
    """Impulses at another rate than those of normal clips at the same speed."""
    rates = [normal.impulse_rate * speed for normal in normals if normal.impulse_rate is not None]
    if clip.impulse_rate is None or not rates:
        return None
    # Three standard deviations of a count of chance impulses.
    margin = max(_IMPULSE_MARGIN, 3.0 * math.sqrt(statistics.median(rates) / clip.seconds))
    reference, away = deviation(clip.impulse_rate, rates, margin)
    if away <= 1:
        return None
    return Finding(f"impulses {clip.impulse_rate:.1f} per second against {reference / speed:.1f}", away)


def crest_difference(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Finding | None:
    """Peaks higher or lower above the level."""
    reference, away = deviation(clip.crest, [normal.crest for normal in normals], _CREST_MARGIN)
    return Finding(f"peaks {clip.crest:.0f} dB above its level against {reference:.0f}", away) if away > 1 else None


def swelling_differences(
    clip: AcousticMeasures,
    normals: Sequence[AcousticMeasures],
    speed: float,
    impulses: float,
    beats: Collection[float] = (),
) -> Iterator[tuple[float, Finding]]:
    """(rate, finding) of deeper, steadier and moved swellings.

    Args:
        clip: the clip.
        normals: the normal clips.
        speed: of the clip over that of the normals.
        impulses: per second, that are told already: they are no swelling. 0: none.
        beats: rates per second of tones that are told already, likewise.
    """
    measured = [normal.swellings for normal in normals if normal.swellings is not None]
    if clip.swellings is None or not measured:
        return
    own = [swelling for swelling in clip.swellings if not _is_of_impulses(swelling.rate, impulses)]
    usual = [s for s in measured[0] if not _is_of_impulses(s.rate * speed, impulses)]
    if impulses and usual and usual[0].depth > _PULSATES:
        return  # impulses fill the pauses of a machine that pulsates
    deeper = [(s, *_depths(s.depth, s.rate / speed, measured, clip.seconds)) for s in own]
    deeper = [(s, reference, away) for s, reference, away in deeper if away > 1 and s.depth > reference]
    deeper = [found for found in deeper if not any(abs(found[0].rate - beat) <= _BEATS_AT for beat in beats)]
    lost = [(s, *_lost(s, own, measured, speed, clip.seconds)) for s in usual[:1]]
    lost = [(s, reference, away) for s, reference, away in lost if away > 1]
    if deeper and (before := _moved(deeper[0][0], own, usual, speed, clip.seconds)):
        moved, away = deeper[0][0], deeper[0][2]
        yield moved.rate, Finding(f"swells {moved.rate:.1f} times per second against {before.rate:.1f}", away)
        deeper, lost = deeper[1:], []
    for swelling, reference, away in deeper[:2]:
        swells = f"swells {swelling.rate:.1f} times per second by {100 * swelling.depth:.0f} %"
        yield swelling.rate, Finding(f"{swells} against {100 * reference:.0f} %", away)
    for swelling, reference, away in lost:
        depth = _depth_at(swelling.rate * speed, own, clip.seconds)
        yield swelling.rate, Finding(f"steadier: swells by {100 * depth:.0f} % against {100 * reference:.0f} %", away)


def _moved(
    found: Swelling, own: Sequence[Swelling], usual: Sequence[Swelling], speed: float, seconds: float
) -> Swelling | None:
    """The usual swelling that is gone, and came back as deep at another rate; None where there is none."""
    for before in usual[:1]:
        is_gone = _depth_at(before.rate * speed, own, seconds) < _ALIKE * before.depth
        if is_gone and _ALIKE * before.depth <= found.depth <= before.depth / _ALIKE:
            return before
    return None


def _depths(depth: float, rate: float, normals: Sequence[Sequence[Swelling]], seconds: float) -> tuple[float, float]:
    margin = _SLOW_DEPTH_MARGIN if rate < _SLOW else _DEPTH_MARGIN
    return deviation(depth, [_depth_at(rate, swellings, seconds) for swellings in normals], margin)


def _lost(
    usual: Swelling, own: Sequence[Swelling], normals: Sequence[Sequence[Swelling]], speed: float, seconds: float
) -> tuple[float, float]:
    depth = _depth_at(usual.rate * speed, own, seconds)
    reference, away = _depths(depth, usual.rate, normals, seconds)
    return reference, away if depth < reference else 0.0


def _depth_at(rate: float, swellings: Sequence[Swelling], seconds: float) -> float:
    """Depth of a swelling at a rate; 0 where none is listed."""
    reach = max(_RATE_MARGIN * rate, 2.0 / seconds)
    return max((other.depth for other in swellings if abs(other.rate - rate) <= reach), default=0.0)


def _is_of_impulses(rate: float, impulses: float) -> bool:
    """True for the rate of impulses, a multiple of it, and a rate that impulses are a multiple of."""
    if impulses <= 0:
        return False
    return any(abs(rate - impulses * k) <= 0.05 * impulses * k for k in (1, 2, 3, 4, 5, 6))
