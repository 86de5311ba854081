"""One sentence for the night of a machine that is judged by the other machines of its type."""

from __future__ import annotations

from dataclasses import dataclass

from asd_core.alarms.discoveries import Tier
from asd_core.alarms.episodes import State
from asd_core.alarms.sentences import rarity


@dataclass(frozen=True)
class BorrowedNight:
    """The night of a machine that was judged by the other machines of its type.

    Attributes:
        tier: of the night.
        state: of its alarm.
        p_value: NaN where nothing is decided.
        p_floor: the smallest p that the other machines can show; NaN likewise.
        machine_type: whose bank it borrowed.
        lenders: number of the other machines.
        least_lenders: number below which nothing is decided.
        nights_in_alarm: judged nights of its alarm so far.
        own_nights: scored nights of the machine so far.
    """

    tier: Tier
    state: State
    p_value: float
    p_floor: float
    machine_type: str
    lenders: int
    least_lenders: int
    nights_in_alarm: int
    own_nights: int


def borrowed_sentence(night: BorrowedNight) -> str:
    """The night of a machine without a bank of its own, which says so."""
    own = f"{night.own_nights} night{'s' * (night.own_nights != 1)} of its own so far"
    return f"{_told_of_borrowed(night)} Judged by the {night.machine_type} bank: {own}."


def _told_of_borrowed(night: BorrowedNight) -> str:
    often = f"{rarity(night.p_value, 0.0)} of another well {night.machine_type} is as unusual"
    match night.tier:
        case "act":
            lasting = "New alarm" if night.state == "new" else f"Alarm, night {night.nights_in_alarm}"
            return f"{lasting}: {often}."
        case "watch" if night.p_value <= night.p_floor:
            return f"Watched, no alarm: more unusual than all {night.lenders} others."
        case "watch":
            return f"Watched, no alarm: {often}."
        case "within_chance":
            over = "The alarm is over. " if night.state == "cleared" else ""
            return f"{over}Within chance: {often}."
    few = f"{night.lenders} others do not tell how far machines differ, {night.least_lenders} are needed"
    return f"Not decided: {few}."
