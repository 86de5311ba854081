"""One sentence for each machine-night: its tier, the evidence, and the cure where nothing is decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asd_core.alarms.discoveries import Tier
from asd_core.alarms.episodes import State

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(frozen=True)
class JudgedNight:
    """A machine's night as it was judged.

    Attributes:
        tier: of the night.
        state: of its alarm.
        p_value: NaN where it cannot be judged.
        p_floor: the smallest p that its pool supports; NaN likewise.
        level: the largest p that is an alarm this night.
        p_mean: of the mean of its clips.
        p_worst: of its worst clip.
        clips: number of clips that were scored.
        nights_in_alarm: judged nights of its alarm so far.
        calibration_nights: nights of the machine that were learnt.
        least_nights: learnt nights below which nothing is decided.
        normal_clips: of the machine that were learnt.
        settled: True for an alarm that has neither grown nor faded for a week.
    """

    tier: Tier
    state: State
    p_value: float
    p_floor: float
    level: float
    p_mean: float
    p_worst: float
    clips: int
    nights_in_alarm: int
    calibration_nights: int
    least_nights: int
    normal_clips: int = 0
    settled: bool = False


def sentence(night: JudgedNight) -> str:
    """The night in one sentence for an engineer."""
    match night.tier:
        case "act" if night.state == "continuing" and night.p_value > night.level:
            told = f"tonight alone is no alarm, {_rarity(night.p_value)} of a well machine is as unusual"
            return f"Alarm, {ordinal(night.nights_in_alarm)} night, not yet over: {told}."
        case "act":
            lasting = f"Alarm, {ordinal(night.nights_in_alarm)} night in a row"
            asked = " Steady for a week: mend it, or fit again if all is well." if night.settled else ""
            return f"{'New alarm' if night.state == 'new' else lasting}: {_evidence(night)}.{asked}"
        case "watch":
            if night.p_value <= night.p_floor and night.p_floor > night.level:
                return (
                    f"Watched: as unusual as the nights learnt can show, {_rarity(night.p_floor)}. "
                    f"An alarm needs {_rarity(night.level)}: learn from more nights."
                )
            return f"Watched, no alarm: {_evidence(night)}."
        case "within_chance":
            over = "The alarm is over. " if night.state == "cleared" else ""
            told = f"{over}Within chance: {_rarity(night.p_value)} of a well machine is as unusual"
            if night.p_value <= night.p_floor and night.p_floor > night.level:
                return f"{told}, and the nights learnt can show nothing rarer: learn from more nights."
            return f"{told}."
    return f"Not decided: {_missing(night)}."


def rarity(p_value: float, p_floor: float) -> str:
    """How often a well machine has a night as unusual, such as "1 night in 450"; "less than" at the smallest p.

    Args:
        p_value: in (0, 1]; NaN gives "".
        p_floor: the smallest p that the learnt nights support.
    """
    if math.isnan(p_value):
        return ""
    return f"{'less than ' if p_value <= p_floor else ''}{_rarity(p_value)}"


def ordinal(number: int) -> str:
    """The place of a number from 1 on: "third", "11th"."""
    if number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    last = 0 if number % 100 in (11, 12, 13) else number % 10
    return f"{number}{('th', 'st', 'nd', 'rd')[last] if last < 4 else 'th'}"


def _evidence(night: JudgedNight) -> str:
    why = "its clips lie high on the whole" if night.p_mean <= night.p_worst else "its worst clip stands out"
    return f"{rarity(night.p_value, night.p_floor)} of a well machine is as unusual; {why}"


def _missing(night: JudgedNight) -> str:
    if not night.clips:
        return "no clip of this night could be scored"
    learnt, least = night.calibration_nights, night.least_nights
    if not learnt and (normals := night.normal_clips):
        clips = "1 normal clip" if normals == 1 else f"{normals} normal clips"
        known = f"{clips} of no known night {'was' if normals == 1 else 'were'} learnt, {least} nights are needed"
        return f"{known}; for one clip no p is below 1/{normals + 1}"
    if learnt < least:
        return f"{_nights(learnt)} learnt, {least} are needed"
    return f"the {learnt} normal nights learnt are all alike, so they do not tell how far nights differ"


def _nights(learnt: int) -> str:
    match learnt:
        case 0:
            return "no normal night was"
        case 1:
            return "1 normal night was"
    return f"{learnt} normal nights were"


def _rarity(p: float) -> str:
    """1 / 4200 as "1 night in 4,200", to two digits."""
    if not p > 0:
        return "no night"
    often = 1 / p
    often = round(often, 1 - math.floor(math.log10(often)))
    return f"1 night in {often:,.{0 if often == int(often) else 1}f}"
