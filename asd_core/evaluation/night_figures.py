"""Figures of alarms by machine and night: how soon a fault becomes an alarm, and how often a well machine has one.

Conventions:
    A machine's night is anomalous if one of its labelled clips is, else normal. A false alarm is one that begins in a
    normal night. A fault is found in the first anomalous night in which its machine is in alarm, whenever that alarm
    began. Nights that could not be decided enter no rate; they are counted by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

MONTH = 30
"""Nights of a month."""

Machine = tuple[str, str]


@dataclass(frozen=True)
class MachineNightFigures:
    """The nights of one machine.

    Attributes:
        normal_nights: that were decided.
        anomalous_nights: likewise.
        undecided_nights: of known condition that were not decided.
        new_false_alarms: alarms that began in a normal night.
        nights_to_alarm: nights from its first anomalous one to the first anomalous one in alarm, both counted: 1 for an
            alarm in the very night. None where there is no such alarm.
        is_missed: True where it has anomalous nights that were decided, and none of them is in alarm.
    """

    normal_nights: int
    anomalous_nights: int
    undecided_nights: int
    new_false_alarms: int
    nights_to_alarm: int | None
    is_missed: bool


@dataclass(frozen=True)
class NightFigures:
    """The nights of a fleet.

    Attributes:
        machines: machine type and id → its nights.
        false_alarms_asked: of a night over the fleet, by the recipe.
    """

    machines: Mapping[Machine, MachineNightFigures]
    false_alarms_asked: float

    @property
    def normal_nights(self) -> int:
        """Machine-nights that are normal and were decided."""
        return sum(one.normal_nights for one in self.machines.values())

    @property
    def undecided_nights(self) -> int:
        """Machine-nights of known condition that were not decided."""
        return sum(one.undecided_nights for one in self.machines.values())

    @property
    def new_false_alarms(self) -> int:
        """Alarms that began in a normal night."""
        return sum(one.new_false_alarms for one in self.machines.values())

    @property
    def false_alarms_per_machine_month(self) -> float | None:
        """False alarms of a machine in `MONTH` nights; None without a normal night that was decided."""
        return self.new_false_alarms * MONTH / self.normal_nights if self.normal_nights else None

    @property
    def asked_per_machine_month(self) -> float:
        """False alarms of a machine and month that the recipe asks for."""
        return self.false_alarms_asked * MONTH / len(self.machines)

    @property
    def found_machines(self) -> int:
        """Faulty machines that became an alarm."""
        return sum(one.nights_to_alarm is not None for one in self.machines.values())

    @property
    def missed_machines(self) -> int:
        """Faulty machines that were never in alarm in an anomalous night."""
        return sum(one.is_missed for one in self.machines.values())

    @property
    def median_nights_to_alarm(self) -> float | None:
        """Over faulty machines, those missed among them; None where half or more are missed."""
        delays = [one.nights_to_alarm for one in self.machines.values() if one.nights_to_alarm is not None]
        median = float(np.median([*delays, *[np.inf] * self.missed_machines])) if delays else np.inf
        return median if np.isfinite(median) else None


def night_figures(scores: pa.Table, alarms: Mapping[str, pa.Table], false_alarms: float) -> NightFigures | None:
    """The figures of nights that were judged.

    Args:
        scores: rows of SCORES. Clips of split ``train`` and of unknown condition say nothing of a night.
        alarms: date → rows of ALARMS, of the nights to measure.
        false_alarms: of a night over the fleet, as the rule asks for.

    Returns:
        None where no machine has a night of known condition among them.
    """
    is_anomalous: dict[tuple[Machine, str], bool] = {}
    names = ["machine_type", "machine_id", "date", "condition", "split"]
    for row in scores.select(names).group_by(names).aggregate([]).to_pylist():
        if row["date"] in alarms and row["condition"] in ("normal", "anomalous") and row["split"] != "train":
            night = (row["machine_type"], row["machine_id"]), row["date"]
            is_anomalous[night] = is_anomalous.get(night, False) or row["condition"] == "anomalous"
    nights: dict[Machine, list[tuple[bool, str, str | None]]] = defaultdict(list)
    for date in sorted(alarms):
        for row in alarms[date].select(["machine_type", "machine_id", "tier", "state"]).to_pylist():
            machine = row["machine_type"], row["machine_id"]
            if (label := is_anomalous.get((machine, date))) is not None:
                nights[machine].append((label, row["tier"], row["state"]))
    machines = {machine: _of_machine(nights[machine]) for machine in sorted(nights)}
    return NightFigures(machines, false_alarms) if machines else None


def _of_machine(nights: Iterable[tuple[bool, str, str | None]]) -> MachineNightFigures:
    """Figures of nights in their order: is it anomalous, its tier and the state of its alarm."""
    told = list(nights)
    decided = [(label, tier, state) for label, tier, state in told if tier != "not_decided"]
    faulty = [tier for label, tier, _ in decided if label]
    since = next((place for place, (label, _, _) in enumerate(told) if label), 0)
    found = next((place for place, (label, tier, _) in enumerate(told) if label and tier == "act"), None)
    return MachineNightFigures(
        normal_nights=len(decided) - len(faulty),
        anomalous_nights=len(faulty),
        undecided_nights=len(told) - len(decided),
        new_false_alarms=sum(state == "new" and not label for label, _, state in decided),
        nights_to_alarm=None if found is None else found - since + 1,
        is_missed=bool(faulty) and found is None,
    )
