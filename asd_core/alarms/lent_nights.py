"""A new machine's night judged by other machines of its type: none of its own nights is known.

The nights of one machine are alike, so that the machines count and not their nights. With M machines that were each
scored without their own clips,

    p = (1 + Σ share of the nights of a machine that are as unusual) / (M + 1),

which is a conformal p-value if the new machine is drawn like the others. No p is below 1 / (M + 1): the new machine may
just be the loudest of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asd_core.alarms.machine_nights import Floats, Integers, MachineNights, machine_nights
from asd_core.alarms.p_values import smallest_p

LEAST_MACHINES = 9
"""Machines without which nothing is decided on a new one: fewer cannot show a p of 0.1."""


@dataclass(frozen=True)
class LentNights:
    """Normal nights of the machines of a type, each machine scored without its own clips.

    Attributes:
        nights: of machines 0 to M − 1.
        lenders: M.
    """

    nights: MachineNights
    lenders: int

    @property
    def p_floor(self) -> float:
        """The smallest p that these machines can show."""
        return smallest_p(self.lenders)

    def p_value(self, mean: float, worst: float, clips: int) -> float:
        """How often a night of another well machine of the type is as unusual, in [p_floor, 1].

        A night is as unusual as the larger of its mean and its worst clip, each in deviations of the nights lent. The
        worst of more clips than the lent nights have lies higher by itself, so that the mean alone counts then.

        Args:
            mean: anomaly score of the night's clips.
            worst: highest of them.
            clips: their number, at least 1.
        """
        lent, with_worst = self.nights, clips <= np.median(self.nights.clips)
        weights = 1 / np.bincount(lent.machines, minlength=self.lenders)[lent.machines] / self.lenders
        pairs = [(lent.means, mean)] + ([(self._worst_of(clips), worst)] if with_worst else [])
        unusual, tonight = np.full(len(lent), -np.inf), -np.inf
        for values, value in pairs:
            centre = float(weights @ values)
            spread = float(np.sqrt(weights @ (values - centre) ** 2)) or 1.0
            unusual = np.maximum(unusual, (values - centre) / spread)
            tonight = max(tonight, (value - centre) / spread)
        share = float(weights @ (unusual >= tonight))
        return min(1.0, (1 + self.lenders * share) / (1 + self.lenders))

    def _worst_of(self, clips: int) -> Floats:
        """Highest score of the first so many clips of each night, (N,)."""
        starts = np.cumsum(self.nights.clips) - self.nights.clips
        place = np.arange(len(self.nights.scores)) - starts[self.nights.of_clips]
        scores = np.where(place < clips, self.nights.scores, -np.inf)
        return np.asarray(np.maximum.reduceat(scores, starts))


def lent_nights(scores: Floats, machines: Integers, nights: Integers) -> LentNights:
    """Gather the clips of machines of a type, each scored without its machine.

    Args:
        scores: (C,) anomaly scores.
        machines: (C,) number of each clip's machine, from 0 without a gap.
        nights: (C,) number of its night.
    """
    return LentNights(machine_nights(scores, machines, nights), int(machines.max()) + 1)
