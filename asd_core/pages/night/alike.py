"""Clips of a machine's night that are nearly equal, as blocks: one clip to be heard, the others behind it.

Two clips are alike where all of this holds:

- both are flagged, or neither is;
- their scores are as far from the median of normal clips, within a quarter of the larger distance (at least a quarter
  of the threshold's); in an ensemble the same member decided both;
- a difference was measured that both have, or one of them has none. A difference is the same if its words are, whatever
  the figures; frequencies may differ by a fifth.

The worst clip begins a block and takes all clips that are like it. The worst one left begins the next. The worst clip
of a block in which a difference was measured is shown for all of it, and the worst clip where there is none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from asd_core.pages.night.scored_clip import ScoredClip

_NEAR, _SAME_PITCH = 0.25, 1.2
_FREQUENCY = re.compile(r"(\d[\d.,]*)(?:–(\d[\d.,]*))? (k?)Hz")
_FIGURE = re.compile(r"[+−-]?\d[\d.,]*")

Kind = tuple[str, tuple[float, ...]]


@dataclass(frozen=True)
class Block:
    """Clips that are alike.

    Attributes:
        shown: stands for all of them.
        others: alike, the worst first.
    """

    shown: ScoredClip
    others: tuple[ScoredClip, ...] = ()

    @property
    def clips(self) -> tuple[ScoredClip, ...]:
        """All of them."""
        return (self.shown, *self.others)


def alike_blocks(clips: Sequence[ScoredClip], measured: Mapping[str, Collection[str]]) -> tuple[Block, ...]:
    """The blocks of a machine's clips.

    Args:
        clips: the worst first.
        measured: clip id → measured differences in words, such as "a new tone at 25.3 Hz, 11 dB above its
            surroundings"; clips of which nothing is known are left out.
    """
    kinds = {clip.clip_id: [kind_of(words) for words in measured.get(clip.clip_id, ())] for clip in clips}
    left, blocks = list(clips), []
    while left:
        worst = left[0]
        own = [_are_alike(worst, clip) and _share(kinds[worst.clip_id], kinds[clip.clip_id]) for clip in left]
        block = [clip for clip, is_own in zip(left, own, strict=True) if is_own]
        shown = next((clip for clip in block if kinds[clip.clip_id]), worst)
        blocks.append(Block(shown, tuple(clip for clip in block if clip is not shown)))
        left = [clip for clip, is_own in zip(left, own, strict=True) if not is_own]
    return tuple(blocks)


def kind_of(words: str) -> Kind:
    """A measured difference without its figures, and its frequencies in Hz."""
    found = _FREQUENCY.findall(words)
    hertz = tuple(_number(text) * (1000 if kilo else 1) for *pair, kilo in found for text in pair if text)
    return " ".join(_FIGURE.sub("", words).split()), hertz


def _number(text: str) -> float:
    return float(text.replace(",", "").rstrip("."))


def _are_alike(one: ScoredClip, other: ScoredClip) -> bool:
    if (one.is_flagged, one.decided_by, one.label) != (other.is_flagged, other.decided_by, other.label):
        return False
    if one.excess is None or other.excess is None:
        return one.anomaly_score == other.anomaly_score
    return abs(one.excess - other.excess) <= _NEAR * max(1.0, 1 + one.excess, 1 + other.excess)


def _share(some: Sequence[Kind], others: Sequence[Kind]) -> bool:
    return not some or not others or any(_are_same(one, other) for one in some for other in others)


def _are_same(one: Kind, other: Kind) -> bool:
    (words, hertz), (other_words, other_hertz) = one, other
    if words != other_words or len(hertz) != len(other_hertz):
        return False
    pairs = zip(hertz, other_hertz, strict=True)
    return all(max(pair) <= _SAME_PITCH * min(pair) for pair in pairs)
