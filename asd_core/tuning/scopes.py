"""Which machines get one setting together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asd_core.tuning.machine_data import MachineData

EVERYTHING = "all machines"
"""Name of the scope of all machines."""


@dataclass(frozen=True)
class Scope:
    """Machines that get one setting together.

    Attributes:
        name: of the machine type or machine, or "all machines".
        machines: their places among all machines.
    """

    name: str
    machines: tuple[int, ...]


def scopes_of(machines: Sequence[MachineData], per: str) -> list[Scope]:
    """The machines that get a setting together: of a type, each alone, or all."""
    if per == "global":
        return [Scope(EVERYTHING, tuple(range(len(machines))))]
    if per == "machine":
        return [Scope(f"{m.machine_type} {m.machine_id}", (place,)) for place, m in enumerate(machines)]
    kinds = sorted({machine.machine_type for machine in machines})
    return [
        Scope(kind, tuple(place for place, machine in enumerate(machines) if machine.machine_type == kind))
        for kind in kinds
    ]
