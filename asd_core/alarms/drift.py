"""Shifts that are no fault of one machine: of the whole fleet in a night, and slow ones of a machine.

All values are distances of nights in deviations of their machines (`asd_core.alarms.standard_nights`).

**The fleet.** A new gain, a cold night or another season moves all machines together, and so the median over machines.
Its normal spread comes from the medians of the learnt nights, which hold whatever machines have in common every night.
If the median is too far out, the night has one shift, and each machine is judged by its distance from that median, in
the spread that the upper tenth of the machines has about it: machines answer to one cause in different degrees.

**A machine.** Wear and dirt move a machine little by little. The mean of its last nights, but for those that stood out,
is compared with its learnt nights. If it is too far out, up or down, the machine drifts, and its night is judged by its
distance from that mean, in the spread of those nights if it is larger. A fault that comes faster than in about a
fortnight still stands out. A slow one shows as drift, which is a reason to listen before the machine is fitted again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import Floats, Integers
from asd_core.alarms.standard_nights import normal_scale

WINDOW = 14
"""Nights of a machine whose mean tells that it drifts."""

FEWEST_MACHINES = 5
"""Machines below which a fleet has no median worth the name."""

_FEWEST_LEARNT, _FEWEST_IN_WINDOW = 5, 7
_MEDIAN_VARIANCE = math.pi / 2  # of the median of independent standard normal values, times their number
_UPPER_TENTH = 1.2815515655446004  # 90 % quantile of the standard normal distribution


@dataclass(frozen=True)
class FleetNull:
    """Medians over machines in learnt nights.

    Attributes:
        nights: learnt nights that enough machines have in common.
        variance: of their medians.
    """

    nights: int
    variance: float


def fleet_null(nights: Integers, z_means: Floats) -> FleetNull:
    """The fleet's normal medians.

    Args:
        nights: (N,) number of each learnt night, the same for all machines of one date.
        z_means: (N,) the night's mean on the normal scale; NaN for unknown.
    """
    known = ~np.isnan(z_means)
    found, places = np.unique(nights[known], return_inverse=True)
    order = np.argsort(places, kind="stable")
    parts = np.split(z_means[known][order], np.cumsum(np.bincount(places, minlength=len(found)))[:-1])
    # A date that only a few machines have says little about the fleet.
    least = max([FEWEST_MACHINES, *(len(part) / 2 for part in parts)])
    medians = np.array([np.median(part) for part in parts if len(part) >= least])
    return FleetNull(len(medians), float(np.mean(medians**2)) if len(medians) else 0.0)


@dataclass(frozen=True)
class FleetShift:
    """A night's shift of a fleet; medians and spreads over machines.

    Attributes:
        p_value: two-sided, of a median as far out; NaN where the fleet or its learnt nights are too few.
        machines: that were judged.
        mean: median of the nights' means.
        worst: median of the worst clips.
        mean_spread: of the means about their median, at least 1.
        worst_spread: of the worst clips.
    """

    p_value: float
    machines: int
    mean: float
    worst: float
    mean_spread: float
    worst_spread: float

    def taken_from(self, means: Floats, worst: Floats) -> tuple[Floats, Floats]:
        """The machines' distances from the fleet, (M,) each."""
        return (means - self.mean) / self.mean_spread, (worst - self.worst) / self.worst_spread


def fleet_shift(means: Floats, worst: Floats, null: FleetNull) -> FleetShift:
    """A night of the fleet, tested for a common shift.

    Args:
        means: (M,) the night's means; NaN for unknown.
        worst: (M,) its worst clips.
        null: of the learnt nights.
    """
    known = ~np.isnan(means)
    machines = int(known.sum())
    if machines < FEWEST_MACHINES or null.nights < _FEWEST_LEARNT:
        return FleetShift(math.nan, machines, 0.0, 0.0, 1.0, 1.0)
    mean, mean_spread = _centre(means[known])
    highest, highest_spread = _centre(worst[known])
    variance = max(null.variance, _MEDIAN_VARIANCE / machines)
    p_value = float(two_sided(np.array([mean / math.sqrt(variance)]), np.array([null.nights - 1.0]))[0])
    return FleetShift(p_value, machines, mean, highest, mean_spread, highest_spread)


def _centre(values: Floats) -> tuple[float, float]:
    """Median, and the upper spread about it, at least 1: the distance of the 90 % quantile, as of a normal spread."""
    centre, high = np.quantile(values, [0.5, 0.9])
    return float(centre), max(1.0, float(high - centre) / _UPPER_TENTH)


@dataclass(frozen=True)
class MachineDrift:
    """Slow shifts of M machines.

    Attributes:
        p_values: (M,) two-sided, of a mean of the last nights as far out; NaN where they are too few.
        mean: (M,) of the last nights' means.
        worst: (M,) of their worst clips.
        mean_spread: (M,) of a night's mean about that mean: as among the learnt nights, or among the last ones where
            these lie further apart.
        worst_spread: (M,) of the worst clip.
    """

    p_values: Floats
    mean: Floats
    worst: Floats
    mean_spread: Floats
    worst_spread: Floats

    def taken_from(self, means: Floats, worst: Floats, drifts: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """The nights of machines that drift by their distance from the last nights, the others as they are, (M,)."""
        return (
            np.where(drifts, (means - self.mean) / self.mean_spread, means),
            np.where(drifts, (worst - self.worst) / self.worst_spread, worst),
        )


def machine_drift(means: Floats, worst: Floats, learnt: Integers, freedom: Floats) -> MachineDrift:
    """Machines tested for a slow shift by their last nights.

    A mean of w nights about the mean of n learnt ones has the variance (1/w + 1/n) / (1 + 1/n) of one night, and
    follows Student's t with as many degrees of freedom.

    Args:
        means: (M, W) means of the last nights before the one in question; NaN for nights that are unknown or alarms.
        worst: (M, W) worst clips.
        learnt: (M,) learnt nights.
        freedom: (M,) degrees of freedom of a night's distance.
    """
    known = ~np.isnan(means)
    nights = known.sum(axis=1)
    enough = (nights >= _FEWEST_IN_WINDOW) & (learnt > 1)
    count, fitted = np.maximum(nights, 1), np.maximum(learnt, 2)
    mean = np.where(known, means, 0.0).sum(axis=1) / count
    highest = np.where(known, worst, 0.0).sum(axis=1) / count
    deviation = np.sqrt((1 / count + 1 / fitted) / (1 + 1 / fitted))
    p_values = np.where(enough, two_sided(mean / deviation, freedom), np.nan)
    scale = np.sqrt((1 + 1 / count) / (1 + 1 / fitted))
    return MachineDrift(p_values, mean, highest, scale * _spread(means, mean), scale * _spread(worst, highest))


def _spread(values: Floats, centre: Floats) -> Floats:
    """Deviation of the known values of each row about its centre, at least 1, (M, W) → (M,)."""
    known = ~np.isnan(values)
    squares = np.where(known, (values - centre[:, None]) ** 2, 0.0).sum(axis=1)
    return np.asarray(np.maximum(1.0, np.sqrt(squares / np.maximum(known.sum(axis=1) - 1, 1))))


def two_sided(distances: Floats, freedom: Floats) -> Floats:
    """P-values of Student's t, both sides, (N,)."""
    return np.array([math.erfc(abs(z) / math.sqrt(2)) for z in normal_scale(distances, freedom)])
