"""Alarms of past nights against those expected if all machines were well: a wrong calibration is seen by them.

On nights of well machines the number of new alarms is about Poisson distributed, with the sum of what each night puts
up with as its mean. The interval for the mean of an observed count is that of F. Garwood ("Fiducial Limits for the
Poisson Distribution", 1936).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.discoveries import Rule
from asd_core.alarms.machine_nights import Floats

Verdict = Literal["as_expected", "more", "fewer"]

FAR = 0.001
"""p from which on a count is told as far from what was expected. It is looked at every night, so it is small."""

_TAIL = 0.025  # on either side of a 95 % interval
_STEP_UP_LEVEL = 0.5  # the largest level of the step-up rule


@dataclass(frozen=True)
class PastAlarms:
    """New alarms of some nights and how many were expected.

    Attributes:
        nights: in which at least one machine was judged.
        observed: new alarms in them.
        expected: new alarms in them if all machines had been well.
    """

    nights: int
    observed: int
    expected: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval for the mean of such a count."""
        return count_interval(self.observed)

    @property
    def p_more(self) -> float:
        """How often at least as many alarms come by chance."""
        from scipy.special import gammainc

        return float(gammainc(self.observed, self.expected)) if self.observed else 1.0

    @property
    def p_fewer(self) -> float:
        """How often at most as many come by chance."""
        from scipy.special import gammaincc

        return float(gammaincc(self.observed + 1, self.expected))

    @property
    def verdict(self) -> Verdict:
        """``more`` or ``fewer`` where chance gives such a count in at most one of a thousand looks."""
        if self.p_more <= FAR:
            return "more"
        return "fewer" if self.p_fewer <= FAR else "as_expected"

    def json(self) -> dict[str, Any]:
        """JSON values: the counts, the 95 % interval for the observed one, and the verdict."""
        low, high = self.interval
        counts = {"nights": self.nights, "new_alarms": self.observed, "expected": self.expected}
        return {**counts, "low": low, "high": high, "verdict": self.verdict}

    def sentence(self) -> str:
        """The comparison in words, with what to do where it fails."""
        if not self.nights:
            return "No past night could be judged yet."
        counts = (
            f"{_counted(self.observed, 'new alarm')} in {_counted(self.nights, 'judged night')}, "
            f"{_figure(self.expected)} expected if all were well"
        )
        if not self.expected:
            return f"{counts}."
        is_more = self.p_more < self.p_fewer
        p_value = self.p_more if is_more else self.p_fewer
        if p_value > _TAIL:
            return f"{counts}: no more and no fewer than chance explains."
        low, high = (end / self.expected for end in self.interval)
        ratio = f"{self.observed / self.expected:.1f} times as many (95 % interval {low:.1f} to {high:.1f})"
        often = f"so {'many' if is_more else 'few'} come by chance {_rarity(p_value)}"
        match self.verdict:
            case "more":
                return f"{counts}: {ratio}; {often}. Machines are ill, or the calibration is wrong."
            case "fewer":
                return f"{counts}: {ratio}; {often}. The calibration is too careful."
        return f"{counts}: {ratio}; {often}."


def count_interval(count: int, certainty: float = 0.95) -> tuple[float, float]:
    """The means of a Poisson distribution that a count does not contradict, Garwood's exact interval.

    Example:
        >>> [round(end, 2) for end in count_interval(3)]
        [0.62, 8.77]
    """
    from scipy.special import gammaincinv

    tail = (1 - certainty) / 2
    low = float(gammaincinv(count, tail)) if count else 0.0
    return low, float(gammaincinv(count + 1, 1 - tail))


def expected_new(
    p_values: Floats, p_floors: Floats, was_in_alarm: NDArray[np.bool_], false_alarms: float, rule: Rule
) -> float:
    """New alarms to expect in one night if all machines are well.

    Each judged machine has an equal share of the false alarms that the rule puts up with. A machine that is in alarm
    already can have no new one, and neither can one whose learnt nights show no p as small as an alarm needs.

    Args:
        p_values: (M,) of the night's machines; NaN for those that were not judged.
        p_floors: (M,) the smallest p that each can show.
        was_in_alarm: (M,) True for an alarm of an earlier night that goes on or ends in this one.
        false_alarms: as in a recipe's ``[alarm]``.
        rule: likewise.
    """
    judged = ~np.isnan(p_values)
    total = int(judged.sum())
    if not total:
        return 0.0
    share = min(1.0, (false_alarms if rule == "family" else min(false_alarms, _STEP_UP_LEVEL)) / total)
    return float(share * (judged & ~was_in_alarm & (p_floors <= share)).sum())


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def _rarity(p_value: float) -> str:
    often = float(f"{1 / max(p_value, 1e-6):.2g}")
    return "less than once in a million times" if p_value < 1e-6 else f"once in {often:,.0f} times"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
