"""Differences in level, overall and in bands, and in samples that stand still."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from asd_core.audio.course_differences import Course
from asd_core.audio.findings import Finding, deviation, in_hertz
from asd_core.audio.measures import AcousticMeasures, Band
from asd_core.audio.tone_differences import ToneDifference

_LEVEL_MARGIN = 1.0  # dB
_BAND_MARGIN = 3.0  # dB
_RUMBLE_MARGIN = 8.0  # dB, of bands up to `_RUMBLE`: traffic, doors and wind
_RUMBLE = 125.0  # Hz
_EDGE = 6.0  # Hz by which a tone reaches over the edge of a band
_EXPLAINED = 0.7  # share of a band's change in power that its tones make
_CLIPPED = 2e-4  # share of the samples


def level_difference(clip: AcousticMeasures, normals: Sequence[AcousticMeasures], course: Course) -> Finding | None:
    """Another level overall, or apart from the stretches in which it stops or is loud."""
    level = clip.level if course.level is None else course.level
    reference, away = deviation(level, [normal.level for normal in normals], _LEVEL_MARGIN)
    if away <= 1:
        return None
    where = "overall" if course.level is None else "apart from that"
    change = level - reference
    return Finding(f"{abs(change):.1f} dB {'louder' if change > 0 else 'quieter'} {where}", away)


def band_differences(
    clip: AcousticMeasures, normals: Sequence[AcousticMeasures], tones: Sequence[ToneDifference]
) -> Iterator[Finding]:
    """Bands out of their own spread, unless they just follow a gain or a tone that is told already.

    A gain is the median change of all bands.
    """
    compared = [(band, others) for band in clip.bands if (others := _others(band, normals))]
    gain = statistics.median(band.level - _usual(others) for band, others in compared) if compared else 0.0
    seconds = min(clip.seconds, *(normal.seconds for normal in normals))
    for band, others in compared:
        # Three standard deviations of the difference of two levels of noise, 4.34 / sqrt(bandwidth * time) dB each.
        noise = 3.0 * math.sqrt(2.0) * 4.34 / math.sqrt((band.high - band.low) * seconds)
        margin = max(_RUMBLE_MARGIN if band.high <= _RUMBLE else _BAND_MARGIN, noise)
        reference, away = deviation(band.level, [other.level for other in others], margin)
        steady_away = _steadily(band, others, margin)
        change = band.level - reference
        if min(away, steady_away) > 1 and abs(change - gain) > margin and not _is_of_tones(band, reference, tones):
            statement = f"{_band_name(band)} {'stronger' if change > 0 else 'weaker'} by {abs(change):.0f} dB"
            yield Finding(statement, away)


def _others(band: Band, normals: Sequence[AcousticMeasures]) -> list[Band]:
    return [other for normal in normals for other in normal.bands if _edges(other) == _edges(band)]


def _usual(bands: Sequence[Band]) -> float:
    return statistics.median(band.level for band in bands)


def _steadily(band: Band, others: Sequence[Band], margin: float) -> float:
    """Deviation of the level that the band has for most of the time; one loud moment is no stronger band."""
    steady = [other.steady for other in others if other.steady is not None]
    if band.steady is None or len(steady) < len(others):
        return math.inf
    return deviation(band.steady, steady, margin)[1]


def clipping_difference(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Finding | None:
    """Samples cut off at a limit, which normal clips do not have."""
    usual = max((normal.clipping.share for normal in normals if normal.clipping), default=0.0)
    if clip.clipping is None or clip.clipping.share <= _CLIPPED + 3.0 * usual:
        return None
    share = f"{100 * clip.clipping.share:.2g} % of its samples"
    limit = f"{clip.clipping.limit:.1f} dB of full scale".replace("-0.0", "0.0")
    return Finding(f"clipped: {share} stand at the limit of {limit}", clip.clipping.share / (_CLIPPED + 3.0 * usual))


def dropout_difference(clip: AcousticMeasures, normals: Sequence[AcousticMeasures], course: Course) -> Finding | None:
    """Moments of samples that stand still, unless it stops for longer."""
    if clip.dropouts is None or not clip.dropouts.count or course.stands_still:
        return None
    usual = max((normal.dropouts.seconds for normal in normals if normal.dropouts), default=0.0)
    if clip.dropouts.seconds <= 2.0 * usual:
        return None
    count = clip.dropouts.count
    times = "once" if count == 1 else f"{count} times"
    words = f"drops out {times}, for {clip.dropouts.seconds:.2g} s in all: its samples stand still"
    return Finding(words, 2.0 + clip.dropouts.seconds)


def _is_of_tones(band: Band, reference: float, tones: Sequence[ToneDifference]) -> bool:
    """True where the tones in a band that are told already make the most of its change in power."""
    change = 10 ** (band.level / 10) - 10 ** (reference / 10)
    inside = [found for found in tones if band.low - _EDGE <= found.tone.frequency < band.high + _EDGE]
    own = sum(10 ** (found.tone.level / 10) * (1 if found.is_more else -1) for found in inside)
    return bool(inside) and own / change >= _EXPLAINED


def _edges(band: Band) -> tuple[float, float]:
    return band.low, band.high


def _band_name(band: Band) -> str:
    if band.low == 0:
        return f"below {in_hertz(band.high)}"
    if band.low >= 1000:
        return f"{band.low / 1000:.3g}–{band.high / 1000:.3g} kHz"
    if band.high >= 1000:
        return f"{in_hertz(band.low)}–{in_hertz(band.high)}"
    return f"{band.low:.3g}–{band.high:.3g} Hz"
