"""How far a machine's nights lie apart, told by its clips too: two weeks of nights alone tell it badly.

The variance between nights of a machine is known from n − 1 degrees of freedom. The variance between the clips of one
night is known from many more, and machines whose clips lie further apart mostly have nights that do. So the variance
between nights is drawn towards a multiple of that between clips, the same for all machines, as far as the machines of
the fleet agree on it (empirical Bayes after G. K. Smyth, "Linear Models and Empirical Bayes Methods for Assessing
Differential Expression", 2004, with the clips in place of one common variance).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import Floats

FEWEST_MACHINES = 10
"""Machines below which nothing is learnt from one about another."""

_FEWEST_CLIPS = 8  # degrees of freedom of a variance between clips that says something about nights
_MOST_FREEDOM = 60.0


@dataclass(frozen=True)
class SpreadPrior:
    """Variance between nights as the clips of a machine suggest it.

    Attributes:
        multiple: of the variance between the clips of a night.
        freedom: degrees of freedom that the suggestion is worth; 0 for nothing.
    """

    multiple: float
    freedom: float

    def of(self, squares: Floats, freedom: Floats) -> tuple[Floats, Floats]:
        """The suggested variances and the degrees of freedom they are worth, of the shape of both arguments.

        Args:
            squares: summed squared distances of clips from the mean of their night.
            freedom: degrees of freedom of that sum.
        """
        tells = (freedom >= _FEWEST_CLIPS) & (squares > 0)
        variances = np.where(tells, self.multiple * squares / np.maximum(freedom, 1), 0.0)
        return variances, np.where(tells, self.freedom, 0.0)


def spread_prior(
    variances: Floats, freedom: Floats, squares: Floats, clip_freedom: Floats, known: NDArray[np.bool_]
) -> SpreadPrior:
    """Learn from a fleet how the variance between nights goes with that between clips.

    Args:
        variances: (M,) between the nights of each machine.
        freedom: (M,) degrees of freedom of these.
        squares: (M,) summed squared distances of its clips from the means of their nights.
        clip_freedom: (M,) degrees of freedom of that sum.
        known: (M,) True for machines with enough nights.
    """
    used = known & (variances > 0) & (squares > 0) & (clip_freedom >= _FEWEST_CLIPS)
    total = int(used.sum())
    if total < FEWEST_MACHINES:
        return SpreadPrior(1.0, 0.0)
    half = freedom[used] / 2
    logs = np.log(variances[used] * clip_freedom[used] / squares[used]) - _log_bias(half)
    # The logarithm of a variance of f degrees of freedom has itself the variance trigamma(f / 2).
    beyond = float(logs.var(ddof=1) - np.mean(1 / half + 1 / (2 * half**2) + 1 / (6 * half**3)))
    worth = _MOST_FREEDOM
    if beyond > 0:  # trigamma(x) = 1/x + 1/2x² solved for x
        worth = min(worth, (1 + math.sqrt(1 + 2 * beyond)) / beyond)
    return SpreadPrior(math.exp(float(logs.mean()) + float(_log_bias(np.array(worth / 2)))), worth)


def _log_bias(half: Floats) -> Floats:
    """The mean logarithm of a variance of 2x degrees of freedom and mean 1, digamma(x) − log x."""
    return np.asarray(-1 / (2 * half) - 1 / (12 * half**2))
