"""The speed of a machine against that of normal clips, told by how its tones are shifted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from asd_core.audio.findings import Finding, in_hertz
from asd_core.audio.measures import AcousticMeasures
from asd_core.audio.tones import WAVERS, Tone, apart

_SPEEDS = (0.8, 1.25)
_SPEED_TOLERANCE = 0.004
_SPEED_MARGIN = 0.012
_SHIFTED = 8  # tones that a speed is told by
_PROMINENT = 4.0  # dB: of tones that tell a speed
_TELLS = 0.6  # share of the tones, weighed by prominence, that a speed moves alike
_RUNS = 3  # tones that move alike before the machine is said to
_LONE = 12.0  # dB of prominence of a tone that tells a speed alone
_STAYS = 0.4  # share of the tones that may also be where they were
_AS_STRONG = 18.0  # dB of prominence that one and the same tone may gain or lose


def speed_of(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> tuple[float, float]:
    """Speed of a clip over that of normal clips, and the deviation; 1 and 0 where nothing tells another speed.

    The ratio by which the most of their tones are shifted alike.
    """
    ratios = [_ratio(clip.tones, normal.tones) for normal in normals]
    if any(ratio is None for ratio in ratios):
        return 1.0, 0.0
    known = [ratio for ratio in ratios if ratio is not None]
    ratio = statistics.median(known)
    own = [_ratio(normals[0].tones, normal.tones) or 1.0 for normal in normals[1:]] or [1.0]
    spread = max(abs(other - statistics.median(own)) for other in own)
    away = abs(ratio - 1.0) / (spread + _SPEED_MARGIN)
    if max(known) - min(known) > 2 * _SPEED_MARGIN + 2 * spread:
        return 1.0, 0.0
    return (ratio, away) if away > 1 else (1.0, 0.0)


def speed_in_words(speed: float, away: float, clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Finding:
    """One finding for another speed, or for a tone or two that have moved."""
    ours, theirs = _telling(clip.tones), _telling(normals[0].tones)
    moved = [a for a in ours if any(_fits(a, b, speed) for b in theirs)] or ours
    strongest = max(moved, key=lambda tone: tone.level)
    change, before, now = 100 * abs(speed - 1), strongest.frequency / speed, strongest.frequency
    if len(moved) < _RUNS:
        word = "higher" if speed > 1 else "lower"
        return Finding(f"the tone at {in_hertz(before)} is {change:.1f} % {word}, at {in_hertz(now)}", away)
    word = "faster" if speed > 1 else "slower"
    return Finding(f"runs {change:.1f} % {word}: the tone at {in_hertz(before)} is at {in_hertz(now)}", away)


def _telling(tones: Sequence[Tone]) -> list[Tone]:
    """The tones that tell a speed, most prominent first."""
    return [tone for tone in apart(tones) if tone.prominence >= _PROMINENT][:_SHIFTED]


def _ratio(tones: Sequence[Tone], normal: Sequence[Tone]) -> float | None:
    """Ratio that brings the most prominent tones of a normal clip onto those of a clip; None: they tell no ratio."""
    ours, theirs = _telling(tones), _telling(normal)
    if not ours or not theirs:
        return None
    candidates = [1.0, *(a.frequency / b.frequency for a in ours for b in theirs)]
    allowed = [ratio for ratio in candidates if _SPEEDS[0] <= ratio <= _SPEEDS[1]]
    shares = {ratio: _matched(ours, theirs, ratio) for ratio in allowed}
    best = max(allowed, key=lambda ratio: (round(shares[ratio], 6), -abs(ratio - 1)))
    if shares[best] < _TELLS or (abs(best - 1) > _SPEED_MARGIN and shares[1.0] > _STAYS):
        return None
    return _refined(ours, theirs, best)


def _matched(ours: Sequence[Tone], theirs: Sequence[Tone], ratio: float) -> float:
    """Share of the tones, weighed by prominence, that a ratio brings onto one another; of the worse matched side."""
    if len(ours) == 1 or len(theirs) == 1:
        are_alone = all(tone.prominence >= _LONE and tone.wavering < WAVERS for tone in (ours[0], theirs[0]))
        return float(are_alone and _fits(ours[0], theirs[0], ratio))
    matched = [b for b in theirs if any(_fits(a, b, ratio) for a in ours)]
    back = [a for a in ours if any(_fits(a, b, ratio) for b in theirs)]
    if min(len(matched), len(back)) < min(3, len(ours), len(theirs)):
        return 0.0
    shares = [_weight(matched) / _weight(theirs), _weight(back) / _weight(ours)]
    return max(shares) if min(shares) >= _STAYS else 0.0


def _weight(tones: Sequence[Tone]) -> float:
    return sum(min(tone.prominence, 20.0) for tone in tones)


def _fits(ours: Tone, theirs: Tone, ratio: float) -> bool:
    expected = theirs.frequency * ratio
    is_as_strong = abs(ours.prominence - theirs.prominence) <= _AS_STRONG
    return is_as_strong and abs(ours.frequency - expected) <= max(_SPEED_TOLERANCE * expected, 1.0)


def _refined(ours: Sequence[Tone], theirs: Sequence[Tone], ratio: float) -> float:
    """The ratio from all matched pairs: that of the highest matched tones, whose frequencies are the most exact."""
    pairs = [(a.frequency, b.frequency) for a in ours for b in theirs if _fits(a, b, ratio)]
    return sum(a for a, _ in pairs) / sum(b for _, b in pairs)
