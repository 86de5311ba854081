"""Differences of a clip's tones from those of normal clips: new, stronger, weaker or gone ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from asd_core.audio.findings import Finding, deviation, in_hertz
from asd_core.audio.measures import AcousticMeasures
from asd_core.audio.tones import RESOLUTION, WAVERS, Tone, apart, is_same

_MARGIN = 6.0  # dB of prominence
_NEW = 6.0  # dB of prominence, least of a new tone
_NEW_WAVERING = 9.0  # likewise of one that wavers
_LIKE_VOICES = 15.0  # likewise below `_ABOVE_VOICES`: voices, hoists and passing machines waver there
_ABOVE_VOICES = 1500.0  # Hz
_PRESENT = 0.8  # share of the time that a new tone sounds
_COMPARED = 12
_FULL_LIST = 24
_HARMONICS = 8
_FAINT = 40.0  # dB under the loudest of a series that a harmonic is not counted: distortion of a recorder
_FASTEST_BEAT = 32.0  # per second


@dataclass(frozen=True)
class ToneDifference:
    """A tone that differs.

    Attributes:
        tone: the clip's, or the normal clips' where the clip has less of it.
        kind: ``new``, ``stronger``, ``weaker`` or ``gone``.
        name: the tone in words.
        words: of the difference, which follow the name.
        deviation: see `Finding`.
    """

    tone: Tone
    kind: str
    name: str
    words: str
    deviation: float

    @property
    def is_more(self) -> bool:
        """True for a tone that the clip has more of."""
        return self.kind in ("new", "stronger")


def tone_differences(clip: AcousticMeasures, normals: Sequence[AcousticMeasures], speed: float) -> list[ToneDifference]:
    """Tones that are new or stronger in the clip, then normal tones that are weaker or gone.

    Args:
        clip: the clip.
        normals: the normal clips, at least one.
        speed: of the clip over that of the normals; tones of the same order are compared.
    """
    return [*_more(clip, normals, speed), *_less(clip, normals, speed)]


def of_their_own(
    found: Sequence[ToneDifference], tones: Sequence[Tone], combs: Collection[float]
) -> list[ToneDifference]:
    """Tones without the lines of impulses or swellings that are told already.

    Args:
        found: the tones that differ.
        tones: all tones of the clip.
        combs: rates per second of the impulses and swellings.
    """
    return [
        difference for difference in found if not difference.is_more or not _is_on_comb(difference.tone, tones, combs)
    ]


def in_words(found: Sequence[ToneDifference]) -> Iterator[Finding]:
    """One finding for each tone with its harmonics."""
    left = sorted(found, key=lambda difference: difference.tone.frequency)
    while left:
        first = left[0]
        series = [other for other in left if other.kind == first.kind and _is_harmonic(other.tone, first.tone)]
        strongest = max(series, key=lambda difference: difference.deviation)
        loudest = max(other.tone.level for other in series)
        count = sum(other is not first and other.tone.level > loudest - _FAINT for other in series)
        harmonics = f" with {count} harmonic{'s' if count > 1 else ''}" if count else ""
        yield Finding(f"{first.name}{harmonics}{first.words}", strongest.deviation)
        left = [other for other in left if other not in series]


def beats_of(found: Sequence[ToneDifference], tones: Sequence[Tone]) -> list[float]:
    """Rates per second at which new tones beat with others, which sounds like a swelling.

    A tone with its mirror image on the other side of a stronger one is a sideband of a swelling, and beats with none.
    """
    rates = []
    for new in (difference.tone for difference in found if difference.is_more):
        for other in tones:
            away = abs(new.frequency - other.frequency)
            mirrored = [tone for tone in tones if abs(tone.frequency - 2 * other.frequency + new.frequency) <= 2.0]
            is_sideband = other.level > new.level and any(abs(tone.level - new.level) <= _MARGIN for tone in mirrored)
            if 0.0 < away <= _FASTEST_BEAT and not is_sideband:
                rates.append(away)
    return rates


def _more(clip: AcousticMeasures, normals: Sequence[AcousticMeasures], speed: float) -> list[ToneDifference]:
    """Tones that are clear, and fainter ones that are their harmonics."""
    clear, faint = list[ToneDifference](), list[ToneDifference]()
    for tone in apart(clip.tones)[:_COMPARED]:
        prominences = [_prominence_at(tone.frequency / speed, tone.wavering, normal) for normal in normals]
        reference, away = deviation(tone.prominence, prominences, _MARGIN)
        if away > 1 and tone.prominence > reference:
            wavers = f" that wavers by {100 * tone.wavering:.1g} %" if tone.wavering >= WAVERS else ""
            is_new = reference <= 0
            kind = "new" if is_new else "stronger"
            name = f"a {kind} tone at {in_hertz(tone.frequency)}{wavers}"
            against = "" if is_new else f" against {reference:.0f}"
            words = f", {tone.prominence:.0f} dB above its surroundings{against}"
            found = ToneDifference(tone, kind, name, words, away)
            (clear if not is_new or _is_clear(tone, tone.prominence) else faint).append(found)
    harmonics = [
        other
        for other in faint
        if any(_is_harmonic(other.tone, found.tone) or _is_harmonic(found.tone, other.tone) for found in clear)
    ]
    return [*clear, *harmonics]


def _less(clip: AcousticMeasures, normals: Sequence[AcousticMeasures], speed: float) -> Iterator[ToneDifference]:
    for tone in apart(normals[0].tones)[:_COMPARED]:
        prominences = [_prominence_at(tone.frequency, tone.wavering, normal) for normal in normals]
        value = _prominence_at(tone.frequency * speed, tone.wavering, clip)
        reference, away = deviation(value, prominences, _MARGIN)
        is_clear = value > 0 or _is_clear(tone, reference)
        if away > 1 and value < reference and is_clear:
            kind = "weaker" if value > 0 else "gone"
            left = f"{value:.0f} dB above its surroundings against {reference:.0f}" if value > 0 else "gone"
            yield ToneDifference(tone, kind, f"the normal tone at {in_hertz(tone.frequency)}", f" is {left}", away)


def _is_clear(tone: Tone, prominence: float) -> bool:
    """True for a tone of the machine: others come and go in any hall."""
    least = _NEW
    if tone.wavering >= WAVERS:
        least = _NEW_WAVERING if tone.frequency >= _ABOVE_VOICES else _LIKE_VOICES
    return prominence >= least and tone.presence >= _PRESENT


def _prominence_at(frequency: float, wavering: float, measures: AcousticMeasures) -> float:
    """The prominence of a clip's tone at a frequency, or where none is listed the most that one may have."""
    near = [tone.prominence for tone in measures.tones if is_same(tone, frequency, wavering)]
    unlisted = measures.tones[-1].prominence if len(measures.tones) >= _FULL_LIST else 0.0
    return max(near, default=unlisted)


def _is_harmonic(tone: Tone, fundamental: Tone) -> bool:
    order = round(tone.frequency / fundamental.frequency)
    reach = max(0.01 * tone.frequency, RESOLUTION / 2)
    return 1 <= order <= _HARMONICS and abs(tone.frequency - order * fundamental.frequency) <= reach


def _is_on_comb(tone: Tone, tones: Sequence[Tone], combs: Collection[float]) -> bool:
    """True for a multiple of a rate, and for a sideband of a stronger tone a rate apart."""
    for rate in combs:
        carriers = (
            [0.0, *(other.frequency for other in tones if other.level > tone.level)]
            if rate > 8
            else [other.frequency for other in tones if other.level > tone.level]
        )
        for carrier in carriers:
            away = abs(tone.frequency - carrier)
            order = round(away / rate)
            if 1 <= order <= (40 if carrier == 0.0 else 4) and abs(away - order * rate) <= 2.0:
                return True
    return False
