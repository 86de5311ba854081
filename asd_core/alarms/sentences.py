"""One sentence for each machine-night: its tier, the evidence, and the cure where nothing is decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asd_core.alarms.discoveries import Tier
from asd_core.alarms.episodes import State


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
    settled: bool = False


def sentence(night: JudgedNight) -> str:
    """The night in one sentence for an engineer."""
    match night.tier:
        case "act" if night.state == "continuing" and night.p_value > night.level:
            told = f"tonight alone is no alarm, {_rarity(night.p_value)} of a well machine is as unusual"
            return f"Alarm, night {night.nights_in_alarm}, not yet over: {told}."
        case "act":
            lasting = "New alarm" if night.state == "new" else f"Alarm, night {night.nights_in_alarm}"
            asked = " Steady for a week: mend it, or fit again if all is well." if night.settled else ""
            return f"{lasting}: {_evidence(night)}.{asked}"
        case "watch":
            if night.p_value <= night.p_floor and night.p_floor > night.level:
                return (
                    f"Watched: as unusual as the nights learnt can show, {_rarity(night.p_floor)}. "
                    f"An alarm needs {_rarity(night.level)}: learn from more nights."
                )
            return f"Watched, no alarm: {_evidence(night)}."
        case "within_chance":
            over = "The alarm is over. " if night.state == "cleared" else ""
            return f"{over}Within chance: {_rarity(night.p_value)} of a well machine is as unusual."
    return f"Not decided: {_missing(night)}."


def _evidence(night: JudgedNight) -> str:
    beyond = "less than " if night.p_value <= night.p_floor else ""
    why = "its clips lie high on the whole" if night.p_mean <= night.p_worst else "its worst clip stands out"
    return f"{beyond}{_rarity(night.p_value)} of a well machine is as unusual; {why}"


def _missing(night: JudgedNight) -> str:
    if not night.clips:
        return "no clip of this night could be scored"
    learnt, least = night.calibration_nights, night.least_nights
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


def clip_certainty(normals: int, quantile: float) -> str:
    """The certainty that a number of normal clips allows for the p-value of one clip.

    Args:
        normals: unseen normal clips of the machine.
        quantile: of the decision threshold: share of normal clips that should not be flagged.
    """
    if not normals:
        return "No normal clip is known: nothing can be decided."
    clips = "1 normal clip allows" if normals == 1 else f"{normals} normal clips allow"
    said = f"{clips} no p below 1/{normals + 1}"
    needed = math.ceil(round(quantile / (1 - quantile), 9))
    if normals >= needed:
        return f"{said}."
    return f"{said}: too few to decide at {1 - quantile:.2g}, which needs {needed}."
