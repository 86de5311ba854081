"""Differences of a clip from its nearest normal clips, in words with figures: no weights, no language model.

They take the place of the difference captions of Ogura et al. on MS-CLAP. The words here are measurements, so they also
serve as evidence beside a caption that a language model wrote.

A figure is stated where the clip lies outside the normals' own spread by a margin: with reference r (the median of
the normals), spread s (the largest distance of a normal from r) and margin m, where |value - r| > s + m. One cause has
one statement: what follows from a statement (the sidebands of a swelling, the bands of a changed speed, the
distortion of clipping) is not stated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asd_core.audio.course_differences import Course, course_of
from asd_core.audio.findings import Finding
from asd_core.audio.level_differences import (
    band_differences,
    clipping_difference,
    dropout_difference,
    level_difference,
)
from asd_core.audio.measures import AcousticMeasures
from asd_core.audio.rhythm_differences import crest_difference, impulse_difference, swelling_differences
from asd_core.audio.speed import speed_in_words, speed_of
from asd_core.audio.tone_differences import beats_of, in_words, of_their_own, tone_differences
from asd_core.audio.tones import WAVERS
from asd_core.errors import AsdError

NO_DIFFERENCE = "no clear difference in level, bands, tonality, modulation or transients"

_STATEMENTS = 6
_SILENT = -119.9  # dB re full scale


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
    found = _silence(clip, normals) or _found(clip, normals)
    found.sort(key=lambda finding: (-finding.deviation, finding.statement))
    statements = [finding.statement for finding in found[:_STATEMENTS]]
    if len(found) > _STATEMENTS:
        statements.append(f"and {len(found) - _STATEMENTS} lesser differences")
    return AcousticDifference("; ".join(statements) or NO_DIFFERENCE, tuple(found))


def _silence(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> list[Finding]:
    level = level_difference(clip, normals, Course())
    if clip.level > _SILENT or level is None:
        return []
    return [Finding(f"silent, {level.statement}", level.deviation)]


def _found(clip: AcousticMeasures, normals: Sequence[AcousticMeasures]) -> list[Finding]:
    course = course_of(clip, normals)
    clipping = clipping_difference(clip, normals)
    speed, away = speed_of(clip, normals)
    dropouts = dropout_difference(clip, normals, course)
    impulses = None if dropouts else impulse_difference(clip, normals, speed)
    rate = clip.impulse_rate or 0.0 if impulses else 0.0
    tones = [] if clipping else of_their_own(tone_differences(clip, normals, speed), clip.tones, [rate] if rate else [])
    if impulses:  # the resonance that knocks strike is as wide as a tone that wavers
        tones = [tone for tone in tones if not tone.is_more or tone.tone.wavering < WAVERS]
    beats = beats_of(tones, clip.tones)
    swellings = [] if course.findings or clipping else list(swelling_differences(clip, normals, speed, rate, beats))
    tones = of_their_own(tones, clip.tones, [rate for rate, _ in swellings])
    if course.stands_still or dropouts:
        tones = [tone for tone in tones if tone.is_more]
    found = [*course.findings, clipping, impulses, *(finding for _, finding in swellings), *in_words(tones)]
    found += [level_difference(clip, normals, course), dropouts]
    if speed != 1.0:
        found.append(speed_in_words(speed, away, clip, normals))
    if not clipping and speed == 1.0 and not course.stands_still:
        found += band_differences(clip, normals, tones)
    if not impulses and not clipping and not dropouts and not course.findings:
        found.append(crest_difference(clip, normals))
    return [finding for finding in found if finding is not None]
