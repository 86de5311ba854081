"""The tier of a machine's night in words: in the overview, beside its name, and beside what was measured of a clip.

All that a page says of strength comes from here and from the sentence of the night (`asd_core.alarms.sentences`), so
that no line contradicts another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from asd_core.alarms.sentences import ordinal
from asd_core.pages.night.contents import Judgement

State = Literal["flagged", "normal", "unusable", "silent"]


@dataclass(frozen=True)
class Status:
    """The state of a machine for people.

    Attributes:
        look: class of its style; ``alarm`` alone is red.
        mark: a sign that needs no colour.
        words: such as "in alarm, new".
    """

    look: str
    mark: str
    words: str


_TIERS = {
    "act": Status("alarm", "▲", "in alarm"),
    "watch": Status("watched", "◆", "watched"),
    "within_chance": Status("normal", "●", "within chance"),
    "not_decided": Status("silent", "○", "not decided"),
}
_WITHOUT_TIER = {
    "flagged": Status("flagged", "△", "flagged"),
    "normal": Status("normal", "●", "nothing flagged"),
    "unusable": Status("unusable", "✕", "no clip could be scored"),
    "silent": Status("silent", "○", "silent"),
}


def status_of(judgement: Judgement | None, state: State) -> Status:
    """The status of a machine.

    Args:
        judgement: of its night; None where its alarms were not found.
        state: of its clips, which counts where nothing was judged or nothing could be.
    """
    if judgement is None or state in ("unusable", "silent"):
        return _WITHOUT_TIER[state]
    plain = _TIERS[judgement.tier]
    if judgement.is_acknowledged:
        return Status("watched", "◇", "acknowledged" + _since(judgement))
    if _is_told_normal(judgement):
        return Status(plain.look, plain.mark, "labelled normal")
    return Status(plain.look, plain.mark, plain.words + _since(judgement))


def _is_told_normal(judgement: Judgement) -> bool:
    """A person said so, whatever the scores say."""
    return judgement.label == "normal" and judgement.tier == "within_chance"


def _since(judgement: Judgement) -> str:
    match judgement.state:
        case "new":
            return ", new"
        case "continuing":
            return f", {ordinal(judgement.nights_in_alarm)} night"
        case "cleared":
            return ", alarm over"
    return ""


def remark_on(judgement: Judgement | None, measured: Collection[str] | None) -> str:
    """The reason why what a page says of a flagged clip and the tier of its machine do not disagree; "" without need.

    Args:
        judgement: of the machine's night; None where there is none.
        measured: differences of the clip from its nearest normal clips; None where nothing was measured.
    """
    match None if judgement is None else judgement.tier:
        case "act" if measured is not None and not measured:
            return "The alarm comes from the scores: they take in more of the sound than these measurements."
        case "within_chance" if judgement is not None and _is_told_normal(judgement):
            return "This night is labelled normal."
        case "within_chance":
            return "Now and then a well machine has such a clip: the night as a whole is within chance."
        case "not_decided":
            return "It is not decided whether this is unusual for the machine."
    return ""
