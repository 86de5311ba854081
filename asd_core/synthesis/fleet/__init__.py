"""A simulated fleet: the sound of its machines, their faults, and the archive of their nights."""

from asd_core.synthesis.fleet.archive import SimulatedFleet, simulate_fleet
from asd_core.synthesis.fleet.changes import Changes, GainChange, GrowingFault, MicrophoneChange
from asd_core.synthesis.fleet.fault_night import BROKEN, Fault
from asd_core.synthesis.fleet.faults import KINDS, SEVERITIES
from asd_core.synthesis.fleet.machine import MACHINE_TYPES, Machine

__all__ = [
    "BROKEN",
    "KINDS",
    "MACHINE_TYPES",
    "SEVERITIES",
    "Changes",
    "Fault",
    "GainChange",
    "GrowingFault",
    "Machine",
    "MicrophoneChange",
    "SimulatedFleet",
    "simulate_fleet",
]
