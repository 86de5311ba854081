"""Lengths of recordings beside what is heard of them, so that unheard sound does not pass in silence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asd_core.encoders.config import EncoderConfig

_TOLERANCE = 0.02  # share of a length within which lengths count as equal
_SEGMENTS = "--set encoder.clip_rule=segments"


@dataclass(frozen=True)
class Lengths:
    """Lengths of some recordings.

    Attributes:
        clips: recordings of known length.
        longer: those longer than what is heard of each.
        seconds: of all of them.
        unheard: seconds that are not heard.
        heard: seconds that are heard of each, at most; of several machine types the least and the most.
        unlike: recordings of another length than those that were learnt, where that makes their scores differ.
    """

    clips: int = 0
    longer: int = 0
    seconds: float = 0.0
    unheard: float = 0.0
    heard: tuple[float, ...] = ()
    unlike: int = 0

    def notes(self) -> list[str]:
        """Lines that must be said wherever scores of these recordings are shown."""
        lines = []
        if self.longer:
            heard = " to ".join(f"{seconds:g}" for seconds in self.heard)
            lines.append(
                f"{self.longer} of {self.clips} clips are longer than the {heard} s that are heard of each: "
                f"{_percent(self.unheard / self.seconds)} of the sound is not scored; take {_SEGMENTS}"
            )
        if self.unlike:
            lines.append(
                f"{self.unlike} of {self.clips} clips are of another length than the clips that were learnt: their "
                f"windows average to other scores, for which the threshold does not hold; take {_SEGMENTS}"
            )
        return lines


def lengths_of(
    seconds: Iterable[float | None], encoder: EncoderConfig, learnt: Sequence[float] | None = None
) -> Lengths:
    """Compare lengths with what an encoder hears.

    Args:
        seconds: of recordings; None for one that was not decoded.
        encoder: what hears them.
        learnt: the shortest and the longest of the recordings learnt, s; None where they are not known.
    """
    known = [length for length in seconds if length is not None]
    if encoder.clip_rule in ("crop", "tile") and encoder.heard_seconds is not None:
        heard = encoder.heard_seconds
        longer = [length for length in known if length > heard * (1 + _TOLERANCE)]
        return Lengths(len(known), len(longer), sum(known), sum(length - heard for length in longer), (heard,))
    unlike = 0
    if encoder.clip_rule == "windows" and learnt:
        low, high = learnt[0] * (1 - _TOLERANCE), learnt[-1] * (1 + _TOLERANCE)
        unlike = sum(not low <= length <= high for length in known)
    return Lengths(len(known), 0, sum(known), 0.0, (), unlike)


def lengths_that_matter(seconds: Iterable[float | None], encoder: EncoderConfig) -> tuple[float, float] | None:
    """The shortest and the longest of recordings learnt, s, where scores depend on their lengths."""
    known = [length for length in seconds if length is not None]
    return (min(known), max(known)) if known and encoder.clip_rule == "windows" else None


def added(lengths: Iterable[Lengths]) -> Lengths:
    """The lengths of several lots of recordings together."""
    total = Lengths()
    for one in lengths:
        heard = sorted({*total.heard, *(one.heard if one.longer else ())})
        total = Lengths(
            total.clips + one.clips,
            total.longer + one.longer,
            total.seconds + one.seconds,
            total.unheard + one.unheard,
            tuple(heard if len(heard) < 2 else (heard[0], heard[-1])),
            total.unlike + one.unlike,
        )
    return total


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.1g} %"
