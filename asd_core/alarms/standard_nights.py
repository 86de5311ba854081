"""Nights of a machine standardised by its other nights, so that nights of all machines can be pooled.

A night is compared with the mean and the deviation of n others. If nights are normally distributed, the distance in
deviations follows Student's t with n − 1 degrees of freedom, and those that its clips add
(`asd_core.alarms.spreads`), from which D. L. Wallace's approximation leads to the
normal scale ("Bounds on Normal Approximations to Student's and the Chi-Square Distributions", 1959). So nights of
machines with few and with many learnt nights have one distribution, about the standard normal one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import Floats, Integers
from asd_core.alarms.spreads import SpreadPrior, spread_prior

FEWEST_NIGHTS = 5
"""Learnt nights of a machine below which its nights are not standardised."""


@dataclass(frozen=True)
class NightLevels:
    """Centre and spread of the learnt nights of each of M machines, by one statistic.

    Attributes:
        learnt: (M,) number of nights.
        weight: (M,) sum of the nights' weights, each 1 / its variance in units common to all.
        centre: (M,) weighted mean of the nights.
        squares: (M,) weighted sum of the squared distances from it.
        prior: of the variance of nights by that of clips.
        clip_squares: (M,) summed squared distances of clips from the mean of their night.
        clip_freedom: (M,) degrees of freedom of that sum.
    """

    learnt: Integers
    weight: Floats
    centre: Floats
    squares: Floats
    prior: SpreadPrior
    clip_squares: Floats
    clip_freedom: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """True for machines with enough nights, which are not all alike; (M,)."""
        noise = (1e-12 * np.abs(self.centre)) ** 2 * self.weight
        return np.asarray((self.learnt >= FEWEST_NIGHTS) & (self.squares > noise))

    @cached_property
    def freedom(self) -> Floats:
        """Degrees of freedom of each machine's deviation, (M,), at least 1."""
        return np.asarray(np.maximum(self.learnt - 1, 1) + self._suggested[1])

    @cached_property
    def _suggested(self) -> tuple[Floats, Floats]:
        return self.prior.of(self.clip_squares, self.clip_freedom)

    def on_normal_scale(self, machines: Integers, distances: Floats) -> Floats:
        """Distances of further nights brought to the standard normal distribution, (K,); ascending in the distance."""
        return normal_scale(distances, self.freedom[machines])

    def of_new(self, machines: Integers, values: Floats, variances: Floats) -> Floats:
        """Distances of further nights in deviations, (K,): Student's t; NaN for machines that are not known.

        Args:
            machines: (K,) positions.
            values: (K,) the statistic.
            variances: (K,) of the nights, in the units of the weights.
        """
        known = self.known[machines]
        own = machines[known]
        suggested, worth = self._suggested
        spread = (self.squares[own] + suggested[own] * worth[own]) / self.freedom[own]
        spread = np.sqrt(spread * (variances[known] + 1 / self.weight[own]))
        found = np.full(len(machines), np.nan)
        found[known] = (values[known] - self.centre[own]) / spread
        return found

    def of_learnt(
        self, machines: Integers, values: Floats, variances: Floats, squares: Floats, clips: Integers
    ) -> Floats:
        """Each learnt night by the others of its machine, on the normal scale, (N,); NaN for machines not known.

        In closed form: no night is left out in a loop.

        Args:
            machines: (N,) positions.
            values: (N,) the statistic, as `night_levels` had it.
            variances: (N,) likewise.
            squares: (N,) likewise.
            clips: (N,) likewise.
        """
        known = self.known[machines]
        own, weight = machines[known], 1 / variances[known]
        suggested, worth = self.prior.of(
            self.clip_squares[own] - squares[known], self.clip_freedom[own] - (clips[known] - 1)
        )
        freedom = self.learnt[own] - 2 + worth
        others = self.weight[own] - weight
        # The mean of the others lies W / (W − w) times as far from the night as the mean of all.
        away = values[known] - self.centre[own]
        grown = self.weight[own] / others
        total = self.squares[own]
        # A lone outlier leaves little but rounding of the others' sum.
        rest = np.maximum(total - weight * away**2 * grown, 1e-9 * total)
        spread = np.sqrt((rest + suggested * worth) / freedom * (1 / weight + 1 / others))
        found = np.full(len(machines), np.nan)
        found[known] = normal_scale(away * grown / spread, freedom)
        return found


def night_levels(
    machines: Integers, values: Floats, variances: Floats, squares: Floats, clips: Integers, total: int
) -> NightLevels:
    """The levels of machines by their learnt nights.

    Args:
        machines: (N,) position of each night's machine.
        values: (N,) the statistic of the nights.
        variances: (N,) of the nights, in units common to all.
        squares: (N,) summed squared distances of each night's clips from their mean.
        clips: (N,) number of its clips.
        total: number of machines, M.
    """
    weights = 1 / variances
    learnt = np.bincount(machines, minlength=total)
    weight = np.bincount(machines, weights, total).astype(np.float64)
    centre = np.bincount(machines, weights * values, total) / np.where(weight > 0, weight, 1)
    apart = np.bincount(machines, weights * (values - centre[machines]) ** 2, total).astype(np.float64)
    of_clips = np.bincount(machines, squares, total).astype(np.float64)
    freedom = np.bincount(machines, clips - 1, total).astype(np.float64)
    known = learnt >= FEWEST_NIGHTS
    nights = np.maximum(learnt - 1, 1).astype(np.float64)
    prior = spread_prior(apart / nights, nights, of_clips, freedom, known)
    return NightLevels(learnt, weight, centre, apart, prior, of_clips, freedom)


def normal_scale(distances: Floats, freedom: Floats) -> Floats:
    """Student's t brought to the standard normal distribution: Wallace's approximation, ascending in t."""
    factor = (8 * freedom + 1) / (8 * freedom + 3)
    return np.asarray(np.sign(distances) * factor * np.sqrt(freedom * np.log1p(distances**2 / freedom)))
