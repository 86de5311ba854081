"""Faults of a night of a simulated fleet: machines, files, and a machine that records nothing."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np

from asd_core.synthesis.fleet.faults import KINDS, SEVERITIES
from asd_core.synthesis.fleet.machine import Machine

BROKEN = ("empty", "cut_header", "jpeg", "nan", "silence")
"""Kinds of damage to files of a fault night."""

_FAULTY_SHARE = 0.4  # share of faulty machines in a fault night


@dataclass(frozen=True)
class Fault:
    """A machine that is broken for a night."""

    date: str
    machine_type: str
    machine_id: str
    kind: str
    severity: str


@dataclass(frozen=True)
class NightPlan:
    """Everything that goes wrong in a night; nothing by default.

    Attributes:
        faults: index of a machine → its fault.
        broken: (index of a machine, clip) → kind of damage to the file.
        silent: index of the machine that records nothing.
    """

    faults: dict[int, Fault] = field(default_factory=dict)
    broken: dict[tuple[int, int], str] = field(default_factory=dict)
    silent: int | None = None


def plan_night(machines: list[Machine], clips: int, day: str, night: int, seed: int) -> NightPlan:
    """Draw a fault night: kinds of faults as different as the machines allow, severities in turn."""
    rng = np.random.default_rng([seed, zlib.crc32(b"faults"), night])
    order = [int(index) for index in rng.permutation(len(machines))]
    faulty = order[: max(1, round(_FAULTY_SHARE * len(machines)))]
    silent = order[-1] if len(machines) > len(faulty) + 1 else None
    used: list[str] = []
    faults: dict[int, Fault] = {}
    for turn, index in enumerate(faulty):
        machine = machines[index]
        kind = min(KINDS[machine.machine_type], key=used.count)
        used.append(kind)
        severity = list(SEVERITIES)[-1 - turn % len(SEVERITIES)]
        faults[index] = Fault(day, machine.machine_type, machine.machine_id, kind, severity)
    healthy = [(index, clip) for index in order if index not in faults and index != silent for clip in range(clips)]
    chosen = rng.permutation(len(healthy))[: len(BROKEN)]
    return NightPlan(faults, {healthy[i]: how for i, how in zip(chosen, BROKEN, strict=False)}, silent)
