"""Nights of machines from the anomaly scores of their clips: how high a night lies on average, and its worst clip.

Clips of one night are alike: the same load, the same weather. So the night is what is judged, and not each clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import AsdError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class MachineNights:
    """Nights of machines, in the order of machine, then night. N nights have C clips.

    Attributes:
        machines: (N,) int64, the position of each night's machine among the machines, from 0.
        nights: (N,) int64, the number of the night: the same number is the same date for all machines.
        clips: (N,) int64, number of clips with a finite score, at least 1.
        means: (N,) float64, mean anomaly score of the clips.
        worst: (N,) float64, highest anomaly score.
        scores: (C,) float64, anomaly scores of the clips, those of a night together, in the order of the nights.
    """

    machines: Integers
    nights: Integers
    clips: Integers
    means: Floats
    worst: Floats
    scores: Floats

    def __len__(self) -> int:
        """Number of nights of all machines."""
        return len(self.machines)

    @property
    def squares(self) -> Floats:
        """Summed squared distances of each night's clips from their mean, (N,)."""
        own = self.of_clips
        return np.bincount(own, (self.scores - self.means[own]) ** 2, len(self)).astype(np.float64)

    @property
    def of_clips(self) -> Integers:
        """The position of each clip's night, (C,)."""
        return np.repeat(np.arange(len(self)), self.clips)


def machine_nights(scores: Floats, machines: Integers, nights: Integers) -> MachineNights:
    """Gather the clips of each machine and night. Clips whose score is not finite are left out.

    A night of which no clip is left is no row: the caller knows which nights it asked for.

    Args:
        scores: (C,) anomaly scores, higher is more anomalous.
        machines: (C,) the position of each clip's machine, from 0.
        nights: (C,) the number of each clip's night.

    Raises:
        AsdError: the three have different lengths, or a position is below 0.
    """
    scores = np.asarray(scores, dtype=np.float64)
    machines, nights = np.asarray(machines, dtype=np.int64), np.asarray(nights, dtype=np.int64)
    if not scores.shape == machines.shape == nights.shape or scores.ndim != 1:
        raise AsdError(f"scores {scores.shape}, machines {machines.shape} and nights {nights.shape}: must be (C,) each")
    if len(machines) and machines.min() < 0:
        raise AsdError(f"machine {machines.min()}: positions of machines count from 0")
    kept = np.isfinite(scores)
    scores, machines, nights = scores[kept], machines[kept], nights[kept]
    if len(scores):
        # One key instead of two: a stable sort is quick where clips come in order already.
        span = int(nights.max() - nights.min()) + 1
        order = np.argsort(machines * span + (nights - nights.min()), kind="stable")
        scores, machines, nights = scores[order], machines[order], nights[order]
    is_first = np.ones(len(scores), dtype=bool)
    is_first[1:] = (np.diff(machines) != 0) | (np.diff(nights) != 0)
    starts = np.flatnonzero(is_first)
    clips = np.diff(np.append(starts, len(scores)))
    if not len(starts):
        return MachineNights(machines, nights, clips, scores, scores, scores)
    means = np.add.reduceat(scores, starts) / clips
    return MachineNights(machines[starts], nights[starts], clips, means, np.maximum.reduceat(scores, starts), scores)
