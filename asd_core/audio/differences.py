"""Differences of a clip from its nearest normal clips, in words with figures: no weights, no language model.

They take the place of the difference captions of Ogura et al. on MS-CLAP. The words here are measurements, so they also
serve as evidence beside a caption that a language model wrote.

A figure is stated where the clip lies outside the normals' own spread by a margin: with reference r (the median of
the normals), spread s (the largest distance of a normal from r) and margin m, where |value - r| > s + m.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asd_core.audio.measures import AcousticMeasures, Band, Tone
from asd_core.errors import AsdError

NO_DIFFERENCE = "no clear difference in level, bands, tonality, modulation or transients"

_LEVEL_MARGIN = 1.0  # dB
_BAND_MARGIN = 3.0  # dB
_TONE_MARGIN = 6.0  # dB of prominence
_TONE_TOLERANCE = 0.02  # share of the frequency: the same tone at a slightly different speed
_TONE_RESOLUTION = 4.0  # Hz: two bins of the spectrum
_TONES_COMPARED = 5
_DEPTH_MARGIN = 0.1
_RATE_MARGIN = 0.05  # share of the rate
_IMPULSE_MARGIN = 1.0  # per second
_CREST_MARGIN = 6.0  # dB
_STATEMENTS = 6


@dataclass(frozen=True)
class Finding:
    """One measured difference.

    Attributes:
        statement: in words, with its figure.
        deviation: |value - reference| over the normals' spread plus the margin; above 1.
    """

    statement: str
    deviation: float


@dataclass(frozen=True)
class AcousticDifference:
    """The difference of a clip from normal ones: one line of text, and its findings, the furthest out first."""

    text: str
    findings: tuple[Finding, ...]


def describe_difference(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> AcousticDifference:
    """Describe the difference of a clip from normal clips of its machine, the furthest out of their spread first.

    The text holds the six furthest statements; the findings hold all of them.

    Raises:
        AsdError: there is no normal clip.
    """
    if not normals:
        raise AsdError("cannot describe a difference from 0 normal clips: give at least one")
    found = [
        *_level(clip, normals),
        *_bands(clip, normals),
        *_tones(clip, normals),
        *_modulation(clip, normals),
        *_transients(clip, normals),
    ]
    found.sort(key=lambda finding: (-finding.deviation, finding.statement))
    statements = [finding.statement for finding in found[:_STATEMENTS]]
    if len(found) > _STATEMENTS:
        statements.append(f"and {len(found) - _STATEMENTS} lesser differences")
    return AcousticDifference("; ".join(statements) or NO_DIFFERENCE, tuple(found))


def _deviation(value: float, normal_values: Sequence[float], margin: float) -> tuple[float, float]:
    """The reference, and the distance of a value from it over the normals' spread plus the margin."""
    reference = statistics.median(normal_values)
    spread = max(abs(normal - reference) for normal in normal_values)
    return reference, abs(value - reference) / (spread + margin)


def _level(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Iterator[Finding]:
    reference, deviation = _deviation(clip.level, [normal.level for normal in normals], _LEVEL_MARGIN)
    if deviation > 1:
        change = clip.level - reference
        yield Finding(f"{abs(change):.1f} dB {'louder' if change > 0 else 'quieter'} overall", deviation)


def _bands(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Iterator[Finding]:
    """Bands out of their own spread, unless they just follow a gain: the median change of all bands."""
    compared = []
    for band in clip.bands:
        levels = [other.level for normal in normals for other in normal.bands if _edges(other) == _edges(band)]
        if levels:
            compared.append((band, levels, band.level - statistics.median(levels)))
    gain = statistics.median([change for _, _, change in compared]) if compared else 0.0
    seconds = min(clip.seconds, *(normal.seconds for normal in normals))
    for band, levels, change in compared:
        # Three standard deviations of the difference of two levels of noise, 4.34 / sqrt(bandwidth * time) dB each.
        noise = 3.0 * math.sqrt(2.0) * 4.34 / math.sqrt((band.high - band.low) * seconds)
        _, deviation = _deviation(band.level, levels, max(_BAND_MARGIN, noise))
        if deviation > 1 and abs(change - gain) > max(_BAND_MARGIN, noise):
            statement = f"{_band_name(band)} {'stronger' if change > 0 else 'weaker'} by {abs(change):.0f} dB"
            yield Finding(statement, deviation)


def _tones(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Iterator[Finding]:
    """Tones that are new or stronger in the clip, then normal tones that are weaker or gone."""
    for tone in _apart(clip.tones):
        prominences = [_prominence_at(tone.frequency, normal) for normal in normals]
        reference, deviation = _deviation(tone.prominence, prominences, _TONE_MARGIN)
        if deviation > 1 and tone.prominence > reference:
            where = f"at {_hertz(tone.frequency)}, {tone.prominence:.0f} dB above its surroundings"
            statement = f"a stronger tone {where} against {reference:.0f}" if reference > 0 else f"a new tone {where}"
            yield Finding(statement, deviation)
    for tone in _apart(normals[0].tones):
        prominences = [_prominence_at(tone.frequency, normal) for normal in normals]
        value = _prominence_at(tone.frequency, clip)
        reference, deviation = _deviation(value, prominences, _TONE_MARGIN)
        if deviation > 1 and value < reference:
            left = f"{value:.0f} dB above its surroundings against {reference:.0f}" if value > 0 else "gone"
            yield Finding(f"the normal tone at {_hertz(tone.frequency)} is {left}", deviation)


def _modulation(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Iterator[Finding]:
    depths = [normal.modulation_depth for normal in normals]
    reference, deviation = _deviation(clip.modulation_depth, depths, _DEPTH_MARGIN)
    if deviation > 1:
        deeper = clip.modulation_depth > reference
        rate = clip.modulation_rate if deeper else statistics.median([normal.modulation_rate for normal in normals])
        swells = f"swells {rate:.1f} times per second by {100 * clip.modulation_depth:.0f} %"
        steadier = f"steadier: swells by {100 * clip.modulation_depth:.0f} %"
        yield Finding(f"{swells if deeper else steadier} against {100 * reference:.0f} %", deviation)
    elif min(clip.modulation_depth, *depths) >= 2 * _DEPTH_MARGIN:
        rates = [normal.modulation_rate for normal in normals]
        margin = max(_RATE_MARGIN * clip.modulation_rate, 2.0 / clip.seconds)
        reference, deviation = _deviation(clip.modulation_rate, rates, margin)
        if deviation > 1:
            yield Finding(f"swells {clip.modulation_rate:.1f} times per second against {reference:.1f}", deviation)


def _transients(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> Iterator[Finding]:
    rates = [normal.impulse_rate for normal in normals]
    # Three standard deviations of a count of chance impulses.
    margin = max(_IMPULSE_MARGIN, 3.0 * math.sqrt(statistics.median(rates) / clip.seconds))
    reference, deviation = _deviation(clip.impulse_rate, rates, margin)
    if deviation > 1:
        yield Finding(f"impulses {clip.impulse_rate:.1f} per second against {reference:.1f}", deviation)
    reference, deviation = _deviation(clip.crest, [normal.crest for normal in normals], _CREST_MARGIN)
    if deviation > 1:
        yield Finding(f"peaks {clip.crest:.0f} dB above its level against {reference:.0f}", deviation)


def _apart(tones: Sequence[Tone]) -> list[Tone]:
    """The most prominent tones without those near a more prominent one: sidebands are not tones of their own."""
    kept: list[Tone] = []
    for tone in tones:
        if not any(_same(other, tone.frequency) for other in kept):
            kept.append(tone)
    return kept[:_TONES_COMPARED]


def _prominence_at(frequency: float, measures: AcousticMeasures) -> float:
    """The prominence of a clip's tone at a frequency, or 0 dB, below which no tone is listed."""
    near = [tone.prominence for tone in measures.tones if _same(tone, frequency)]
    return max(near, default=0.0)


def _same(tone: Tone, frequency: float) -> bool:
    return abs(tone.frequency - frequency) <= max(_TONE_TOLERANCE * frequency, _TONE_RESOLUTION)


def _edges(band: Band) -> tuple[float, float]:
    return band.low, band.high


def _band_name(band: Band) -> str:
    if band.low == 0:
        return f"below {_hertz(band.high)}"
    if band.low >= 1000:
        return f"{band.low / 1000:.3g}–{band.high / 1000:.3g} kHz"
    if band.high >= 1000:
        return f"{_hertz(band.low)}–{_hertz(band.high)}"
    return f"{band.low:.3g}–{band.high:.3g} Hz"


def _hertz(frequency: float) -> str:
    return f"{frequency / 1000:.3g} kHz" if frequency >= 999.5 else f"{frequency:.3g} Hz"
