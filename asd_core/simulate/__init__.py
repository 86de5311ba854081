"""A fleet of machines that do not exist: what they sound like, what breaks, and the archive of their nights."""

from asd_core.simulate.faults import KINDS, SEVERITIES
from asd_core.simulate.fleet import SimulatedFleet, simulate_fleet
from asd_core.simulate.machine import MACHINE_TYPES, Machine
from asd_core.simulate.plan import BROKEN, Fault

__all__ = [
    "BROKEN",
    "KINDS",
    "MACHINE_TYPES",
    "SEVERITIES",
    "Fault",
    "Machine",
    "SimulatedFleet",
    "simulate_fleet",
]
