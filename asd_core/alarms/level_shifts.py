"""Nights that are louder or quieter than the learnt ones of their machine: a fact to tell beside an alarm or a drift.

A gain, a moved microphone or a filled tank changes the level of all clips of a night. Some detectors hear that as a
fault. A change of level does not say that the machine is well, so no alarm is taken back for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.drift import two_sided
from asd_core.alarms.machine_nights import Floats, Integers
from asd_core.alarms.standard_nights import night_levels

LEAST_DB = 1.0
"""Change of level that is worth telling, dB."""


@dataclass(frozen=True)
class LevelShifts:
    """Levels of K nights.

    Attributes:
        decibels: (K,) above the mean of the learnt nights of the machine; NaN where too few are known.
        p_values: (K,) two-sided, of a level as far away; NaN likewise.
    """

    decibels: Floats
    p_values: Floats

    def told(self, drift: float) -> NDArray[np.bool_]:
        """True for nights whose level is worth a line, (K,): p at most ``drift``, and `LEAST_DB` or more away."""
        return np.asarray((self.p_values <= drift) & (np.abs(self.decibels) >= LEAST_DB))


def level_shifts(learnt: tuple[Integers, Floats], nights: tuple[Integers, Floats], machines: int) -> LevelShifts:
    """Compare the levels of nights with those of the learnt nights of their machines.

    Args:
        learnt: position of the machine and mean RMS level in dB of each learnt night, (N,) each; NaN for unknown.
        nights: the same of the nights in question, (K,) each.
        machines: number of machines, M.
    """
    finite = np.isfinite(learnt[1])
    own, levels = learnt[0][finite], learnt[1][finite]
    alone = np.zeros(len(own))  # nothing is known of clips
    known = night_levels(own, levels, alone + 1, alone, alone.astype(np.int64) + 1, machines)
    where, heard = nights
    distances = known.of_new(where, heard, np.ones(len(where)))
    decibels = np.where(np.isnan(distances), np.nan, heard - known.centre[where])
    return LevelShifts(decibels, two_sided(distances, known.freedom[where]))
