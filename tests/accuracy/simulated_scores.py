"""Anomaly scores of a fleet over nights without any sound: on which rules for alarms are judged.

A clip's score is ``place + spread * exp(shape * z)``, which is skewed as distances are. Place, spread and shape are the
machine's own. z is the sum of a part of the night, common to its clips, and a part of the clip, each of variance 1
where ``night_effects`` is 1. Faults, drift and changes of the whole fleet move z, in deviations of a clip:

    rare      a fifth of the clips, drawn each night, lie higher
    all       every clip lies higher
    drift     every machine wanders evenly, to a place of its own in 30 nights
    fleet     all machines together lie higher from a night on

No rule is known here, and nothing here is changed after a rule was judged on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEVERITIES = {
    "rare": {"mild": 3.0, "moderate": 5.0, "severe": 8.0},
    "all": {"mild": 1.0, "moderate": 2.0, "severe": 4.0},
}
"""Kind of fault → severity → deviations of a clip."""

RARE_SHARE = 0.2


@dataclass(frozen=True)
class Fleet:
    """A fleet whose scores are drawn.

    Attributes:
        machines: number of machines.
        nights: number of nights, those that are fitted to among them.
        clips: of each machine and night.
        night_effects: variance between nights against that between clips of a night.
        drift: deviation over machines of how far they have wandered after 30 nights, in deviations of a clip.
        seed: of everything random.
    """

    machines: int = 200
    nights: int = 74
    clips: int = 5
    night_effects: float = 1.0
    drift: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Fault:
    """A fault of some machines from a night on.

    Attributes:
        machines: their positions.
        night: from which on, counted from 0.
        kind: ``rare`` or ``all``.
        severity: ``mild``, ``moderate`` or ``severe``.
    """

    machines: tuple[int, ...]
    night: int
    kind: str
    severity: str


def scores(
    fleet: Fleet, faults: tuple[Fault, ...] = (), fleet_changes: dict[int, float] | None = None
) -> NDArray[np.float64]:
    """Anomaly scores (machines, nights, clips).

    Args:
        fleet: to draw.
        faults: of its machines.
        fleet_changes: night → deviations by which all machines lie higher from then on.
    """
    rng = np.random.default_rng(fleet.seed)
    size = (fleet.machines, fleet.nights, fleet.clips)
    z = rng.standard_normal(size) + np.sqrt(fleet.night_effects) * rng.standard_normal((*size[:2], 1))
    nights = np.arange(fleet.nights)
    z += fleet.drift * rng.standard_normal((fleet.machines, 1, 1)) * nights[None, :, None] / 30
    rare = rng.random(size) < RARE_SHARE
    for fault in faults:
        machines = np.array(fault.machines)
        lies = SEVERITIES[fault.kind][fault.severity] * (nights >= fault.night)[None, :, None]
        z[machines] += lies * (rare[machines] if fault.kind == "rare" else 1.0)
    for night, change in (fleet_changes or {}).items():
        z += change * (nights >= night)[None, :, None]
    place, spread, shape = (rng.uniform(*span, (fleet.machines, 1, 1)) for span in ((0, 5), (0.1, 10), (0.1, 0.4)))
    return np.asarray(place + spread * np.exp(shape * z))
