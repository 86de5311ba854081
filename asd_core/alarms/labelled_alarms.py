"""Precision of alarms: how many of those that people answered were faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.episodes import Episodes

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class LabelledAlarms:
    """Alarms that people called a fault or normal.

    Attributes:
        alarms: how many; an alarm of many nights counts once.
        faults: those of them that were faults.
    """

    alarms: int
    faults: int

    @property
    def interval(self) -> tuple[float, float]:
        """The shares of faults that these counts are compatible with, at 95 %: C. Clopper and E. Pearson (1934)."""
        from scipy.special import betaincinv

        tail, others = (1 - _CONFIDENCE) / 2, self.alarms - self.faults
        low = float(betaincinv(self.faults, others + 1, tail)) if self.faults else 0.0
        high = float(betaincinv(self.faults + 1, others, 1 - tail)) if others else 1.0
        return low, high

    def sentence(self) -> str:
        """The counts in words; "" without a labelled alarm.

        Example:
            >>> LabelledAlarms(12, 9).sentence()
            'Of 12 labelled alarms 9 were faults (43 to 95 % of all, with 95 % confidence).'
        """
        if not self.alarms:
            return ""
        low, high = self.interval
        were, alarms = "was a fault" if self.faults == 1 else "were faults", "alarm" + "s" * (self.alarms != 1)
        share = f"{100 * low:.0f} to {100 * high:.0f} % of all, with 95 % confidence"
        return f"Of {self.alarms} labelled {alarms} {self.faults} {were} ({share})."

    def json(self) -> dict[str, float]:
        """JSON values."""
        low, high = self.interval
        return {"labelled_alarms": self.alarms, "faults": self.faults, "low": low, "high": high}


def labelled_alarms(alone: Episodes, answers: Mapping[tuple[int, int], NightAnswer], night: int) -> LabelledAlarms:
    """Count the alarms of nights up to one that people answered; one of several answers that is a fault makes it one.

    Args:
        alone: the alarms by the scores alone.
        answers: (machine, night) → the answer that holds for it.
        night: position of the last night that counts.
    """
    is_fault, in_alarm = dict[tuple[int, int], bool](), alone.in_alarm
    for (machine, one), answer in answers.items():
        if one <= night and in_alarm[machine, one] and answer.answer != "ignore":
            alarm = (machine, int(alone.since[machine, one]))
            is_fault[alarm] = is_fault.get(alarm, False) or answer.answer == "fault"
    return LabelledAlarms(len(is_fault), sum(is_fault.values()))
