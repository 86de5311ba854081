"""Nights of different numbers of clips, made comparable.

A clip is taken as the level of its night plus a part of its own. With ρ the share of the night's level in the variance
of a clip, the mean of n clips has the variance ρ + (1 − ρ) / n, in units of the variance of a clip. The highest of n
clips lies E(n) deviations of the own part above the night's level, and has the variance ρ + (1 − ρ) V(n). E and V are
the mean and the variance of the highest of n draws from the own parts of all machines, each in its own deviations.

Where all nights have as many clips, nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asd_core.alarms.machine_nights import Floats, Integers, MachineNights

_LEVELS = 2000  # quantiles that stand for the own parts


@dataclass(frozen=True)
class ClipCounts:
    """How nights depend on their number of clips.

    Attributes:
        share: ρ, of the night's level in the variance of a clip, from 0 to 1.
        parts: (L,) float64 ascending, own parts of clips in their machine's deviations; empty where nothing is known.
        within: (M,) float64, each machine's deviation of the own part; 0 where nothing is known.
    """

    share: float
    parts: Floats
    within: Floats

    def mean_variance(self, clips: Integers) -> Floats:
        """Variance of the mean of so many clips, (N,), in units of the variance of a clip."""
        return np.asarray(self.share + (1 - self.share) / clips)

    def worst_variance(self, clips: Integers) -> Floats:
        """Variance of the highest of so many clips, (N,), in units of the variance of a clip."""
        return np.asarray(self.share + (1 - self.share) * self._highest(clips)[1])

    def worst_shift(self, clips: Integers) -> Floats:
        """E(n): how far the highest of n clips lies above the night's level, (N,), in deviations of the own part."""
        return self._highest(clips)[0]

    def _highest(self, clips: Integers) -> tuple[Floats, Floats]:
        """Mean and variance of the highest of n own parts, (N,) each."""
        counts, places = np.unique(clips, return_inverse=True)
        if not len(self.parts):
            return np.zeros(len(clips)), np.ones(len(clips))
        levels = np.arange(len(self.parts) + 1) / len(self.parts)
        weights = np.diff(levels[None, :] ** counts[:, None], axis=1)  # of each part to be the highest: (counts, L)
        mean = weights @ self.parts
        variance = weights @ self.parts**2 - mean**2
        return mean[places], np.maximum(variance, 1e-6)[places]


def clip_counts(nights: MachineNights, machines: int) -> ClipCounts:
    """Learn from normal nights how a night depends on its number of clips.

    ρ is the mean of the machines' components of variance between and within nights (S. R. Searle, G. Casella, C. E.
    McCulloch, "Variance Components"), each machine's in units of its own variance. Where no night has two clips, the
    two cannot be told apart. The safe side is taken then: more clips make a mean no steadier, and the highest higher.

    Args:
        nights: normal nights.
        machines: number of machines, M.
    """
    of_clip = nights.machines[nights.of_clips]
    count = np.bincount(of_clip, minlength=machines)
    centre = np.bincount(of_clip, nights.scores, machines) / np.maximum(count, 1)
    away = nights.scores - centre[of_clip]
    variance = np.bincount(of_clip, away**2, machines) / np.maximum(count - 1, 1)
    parts = _quantiles(_scaled(away, variance[of_clip]))
    if not (nights.clips > 1).any():
        return ClipCounts(1.0, parts, np.sqrt(variance))
    own = nights.scores - nights.means[nights.of_clips]
    freedom = count - np.bincount(nights.machines, minlength=machines)
    within = np.bincount(of_clip, own**2, machines) / np.maximum(freedom, 1)
    return ClipCounts(_share(nights, centre, within, variance), parts, np.sqrt(within))


def _share(nights: MachineNights, centre: Floats, within: Floats, variance: Floats) -> float:
    """ρ: the mean component between nights over the mean of both components; 1 where no machine tells."""
    machines = len(centre)
    own = nights.machines
    learnt = np.bincount(own, minlength=machines)
    clips = np.bincount(own, nights.clips, machines)
    squared = np.bincount(own, nights.clips**2, machines)
    between = np.bincount(own, nights.clips * (nights.means - centre[own]) ** 2, machines)
    usable = (learnt > 1) & (clips > learnt) & (within > 0)
    if not usable.any():
        return 1.0
    learnt, clips, squared, between = learnt[usable], clips[usable], squared[usable], between[usable]
    within, variance = within[usable], variance[usable]
    usual = (clips - squared / clips) / (learnt - 1)  # clips of a night
    component = (between / (learnt - 1) - within) / usual / variance
    above = max(0.0, float(component.sum()))
    return above / (above + float((within / variance).sum()))


def _scaled(parts: Floats, variance: Floats) -> Floats:
    """Parts in deviations, without those of machines that do not vary."""
    varies = variance > 0
    return np.asarray(parts[varies] / np.sqrt(variance[varies]))


def _quantiles(parts: Floats) -> Floats:
    """Evenly spaced quantiles in place of many values; few stay as they are."""
    if len(parts) <= _LEVELS:
        return np.sort(parts)
    return np.asarray(np.quantile(parts, (np.arange(_LEVELS) + 0.5) / _LEVELS))
