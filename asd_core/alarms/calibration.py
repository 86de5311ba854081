"""How unlikely a night of a machine is if the machine is well: p-values pooled over the machines of a fleet.

Two statistics of a night are judged, its mean and its worst clip: all clips slightly off move the one, a few bad clips
the other. Each learnt night is standardised by the other nights of its machine, which gives what a normal night looks
like before it is known. These values are pooled, so that two weeks of nights of 200 machines show what one night in
2,800 looks like. The smaller of both p-values is calibrated once more by what it is for the learnt nights. A night of
more clips than its machine learnt by has statistics that are less alike, for which the learnt nights do not speak. Its
p is at least twice the smaller one, Bonferroni's bound.

The learnt nights must have scores as if unseen: each clip scored without its night.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.clip_counts import ClipCounts, clip_counts
from asd_core.alarms.machine_nights import Floats, Integers, MachineNights
from asd_core.alarms.standard_nights import NightLevels, night_levels
from asd_core.alarms.tails import Tail, pareto_tail, unit_tail
from asd_core.errors import AsdError

ENOUGH_NIGHTS = 1000
"""Learnt nights with which the machines of one type are a pool of their own: their tail holds 50."""


@dataclass(frozen=True)
class NightEvidence:
    """Evidence against N nights, in their order; NaN where too little is known of the machine.

    Attributes:
        p_values: (N,) of a night as unlikely if the machine is well, at least ``p_floors``.
        p_floors: (N,) the smallest p that the pool supports.
        p_means: (N,) of the mean alone, at least the floor.
        p_worst: (N,) of the worst clip alone, at least the floor.
        z_means: (N,) the mean on the normal scale of its machine.
        z_worst: (N,) the worst clip likewise.
        calibration_nights: (N,) int64, learnt nights of the machine itself.
        pool_nights: (N,) int64, learnt nights of all machines of the pool.
    """

    p_values: Floats
    p_floors: Floats
    p_means: Floats
    p_worst: Floats
    z_means: Floats
    z_worst: Floats
    calibration_nights: Integers
    pool_nights: Integers

    @property
    def strength(self) -> Floats:
        """Evidence to rank by, (N,), where p-values are at their floor: the larger of both on the normal scale."""
        return np.fmax(self.z_means, self.z_worst)


@dataclass(frozen=True)
class Pool:
    """Learnt nights of several machines: the tails of both statistics, and of the smaller p of both."""

    mean: Tail
    worst: Tail
    smaller: Tail

    @property
    def floor(self) -> float:
        """The smallest p that the pool supports."""
        return self.smaller.floor

    def p_values(self, z_means: Floats, z_worst: Floats, more: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P-values of the nights, of their means and of their worst clips, at least the floor, (3, N).

        Args:
            z_means: (N,) the mean on the normal scale.
            z_worst: (N,) the worst clip.
            more: (N,) True for nights of more clips than were learnt.
        """
        p_means, p_worst = self.mean.p_values(z_means), self.worst.p_values(z_worst)
        smaller = np.minimum(p_means, p_worst)
        p_values = self.smaller.p_values(-np.log(smaller))
        p_values = np.where(more, np.maximum(p_values, np.minimum(2 * smaller, 1)), p_values)
        return np.maximum([p_values, p_means, p_worst], self.floor)


@dataclass(frozen=True)
class Calibration:
    """Learnt nights of M machines, by which further nights are judged.

    Attributes:
        counts: how nights depend on their number of clips.
        means: levels of the machines by the mean.
        worst: levels of the machines by the worst clip.
        pools: of nights; none where no machine has enough nights.
        pool_of: (M,) position of each machine's pool.
        usual_clips: (M,) clips of a learnt night, on average.
        null_means: (N,) learnt nights on the normal scale, by the mean, in the order of the nights; NaN where unknown.
        null_worst: (N,) by the worst clip.
    """

    counts: ClipCounts
    means: NightLevels
    worst: NightLevels
    pools: tuple[Pool, ...]
    pool_of: Integers
    usual_clips: Floats
    null_means: Floats
    null_worst: Floats

    def standardise(self, nights: MachineNights) -> tuple[Floats, Floats]:
        """Distances of further nights in deviations of their machine, by the mean and by the worst clip, (N,) each.

        NaN where too little is known of the machine.
        """
        worst = _settled_worst(nights, self.counts)
        return (
            self.means.of_new(nights.machines, nights.means, self.counts.mean_variance(nights.clips)),
            self.worst.of_new(nights.machines, worst, self.counts.worst_variance(nights.clips)),
        )

    def judge(self, nights: MachineNights) -> NightEvidence:
        """Evidence against further nights.

        Args:
            nights: of machines at the positions that were learnt.

        Raises:
            AsdError: a machine beyond those learnt.
        """
        if len(nights) and nights.machines.max() >= len(self.pool_of):
            raise AsdError(f"machine {nights.machines.max()}: {len(self.pool_of)} machines were learnt, counted from 0")
        return self.evidence(nights.machines, nights.clips, *self.standardise(nights))

    def evidence(self, machines: Integers, clips: Integers, means: Floats, worst: Floats) -> NightEvidence:
        """Evidence against nights that are standardised already, and may have been set against a common shift.

        Args:
            machines: (N,) positions.
            clips: (N,) number of clips of each night.
            means: (N,) distance of the mean, as `standardise` gives it.
            worst: (N,) distance of the worst clip.
        """
        z_means, z_worst = self.means.on_normal_scale(machines, means), self.worst.on_normal_scale(machines, worst)
        more = clips > self.usual_clips[machines]
        found = np.full((4, len(machines)), np.nan)
        pool_nights = np.zeros(len(machines), dtype=np.int64)
        known = np.isfinite(z_means) & np.isfinite(z_worst)
        for number, pool in enumerate(self.pools):
            own = np.flatnonzero(known & (self.pool_of[machines] == number))
            found[:3, own] = pool.p_values(z_means[own], z_worst[own], more[own])
            found[3, own] = pool.floor
            pool_nights[own] = len(pool.smaller.values)
        p_values, p_means, p_worst, floors = found
        learnt = self.means.learnt[machines]
        return NightEvidence(p_values, floors, p_means, p_worst, z_means, z_worst, learnt, pool_nights)


def calibrate(nights: MachineNights, machines: int, types: Integers | None = None) -> Calibration:
    """Learn how normal nights look.

    Args:
        nights: normal nights of the machines, with scores as if unseen.
        machines: number of machines, M; those without a night are known to have none.
        types: (M,) a number for each machine's type; types with at least `ENOUGH_NIGHTS` are pools of their own, the
            other machines are judged by the pool of all. None takes all as one.

    Raises:
        AsdError: a machine beyond M.
    """
    if len(nights) and nights.machines.max() >= machines:
        raise AsdError(f"machine {nights.machines.max()}: there are {machines}, counted from 0")
    counts = clip_counts(nights, machines)
    own = nights.machines
    of_means, of_worst = counts.mean_variance(nights.clips), counts.worst_variance(nights.clips)
    settled = _settled_worst(nights, counts)
    clips = nights.squares, nights.clips
    means = night_levels(own, nights.means, of_means, *clips, machines)
    worst = night_levels(own, settled, of_worst, *clips, machines)
    null_means = means.of_learnt(own, nights.means, of_means, *clips)
    null_worst = worst.of_learnt(own, settled, of_worst, *clips)
    known = np.isfinite(null_means) & np.isfinite(null_worst)
    pool_of = np.zeros(machines, dtype=np.int64)
    pools = [_pool(null_means[known], null_worst[known])] if known.any() else []
    if types is not None and pools:
        of_type = np.asarray(types)[own]
        found, nights_of = np.unique(of_type[known], return_counts=True)
        for number in found[nights_of >= ENOUGH_NIGHTS] if len(found) > 1 else ():
            chosen = known & (of_type == number)
            pool_of[np.asarray(types) == number] = len(pools)
            pools.append(_pool(null_means[chosen], null_worst[chosen]))
    usual = np.bincount(own, nights.clips, machines) / np.maximum(means.learnt, 1)
    return Calibration(counts, means, worst, tuple(pools), pool_of, usual, null_means, null_worst)


def _pool(z_means: Floats, z_worst: Floats) -> Pool:
    mean, worst = pareto_tail(z_means), pareto_tail(z_worst)
    smaller = np.minimum(mean.p_values(z_means), worst.p_values(z_worst))
    return Pool(mean, worst, unit_tail(-np.log(smaller)))


def _settled_worst(nights: MachineNights, counts: ClipCounts) -> Floats:
    """The worst clip less how far the highest of so many lies above the night's level, (N,)."""
    return np.asarray(nights.worst - counts.within[nights.machines] * counts.worst_shift(nights.clips))
