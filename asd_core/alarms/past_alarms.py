"""Alarms of past nights against those expected if all machines were well: a wrong calibration is seen by them.

On nights of well machines the number of new alarms is about Poisson distributed, with the sum of what each night puts
up with as its mean. The interval for the mean of an observed count is that of F. Garwood ("Fiducial Limits for the
Poisson Distribution", 1936).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.discoveries import Rule
from asd_core.alarms.machine_nights import Floats

Verdict = Literal["as_expected", "more", "fewer"]

FAR = 0.001
"""p from which on a count is told as far from what was expected. It is looked at every night, so it is small."""

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
        low, high = (end / self.expected for end in self.interval)
        ratio = f"{self.observed / self.expected:.1f} times as many (95 % interval {low:.1f} to {high:.1f})"
        match self.verdict:
            case "more":
                return f"{counts}: {ratio}. Chance does not explain it: machines are ill, or the calibration is wrong."
            case "fewer":
                return f"{counts}: {ratio}. Chance does not explain it: the calibration is too careful."
        return f"{counts}: no more and no fewer than chance explains."


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


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
