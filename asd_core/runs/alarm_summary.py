"""A night's alarms summed up: one sentence on top, and the machines that it is about."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.alarms.level_shifts import LEAST_DB
from asd_core.digest import content_hash
from asd_core.evaluation.csv_cells import csv_table
from asd_core.readable import machine_name
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.alarm_schemas import ALARMS

Row = dict[str, Any]

_TOLD = (
    "machine_type",
    "machine_id",
    "tier",
    "state",
    "nights_in_alarm",
    "p_value",
    "p_floor",
    "sentence",
    "label",
    "acknowledged",
)


@dataclass(frozen=True)
class AlarmSummary:
    """The alarms of one night.

    Attributes:
        date: of the night.
        rows: of ALARMS, alarms first and then by evidence.
        config: the rule that they come from.
    """

    date: str
    rows: pa.Table
    config: AlarmConfig

    @property
    def alarms(self) -> list[Row]:
        """The machines in alarm, the strongest evidence first."""
        return self._where("tier", "act")

    @property
    def cleared(self) -> list[Row]:
        """The machines whose alarm is over since this night."""
        return self._where("state", "cleared")

    @property
    def watched(self) -> list[Row]:
        """The machines that are watched, the strongest evidence first."""
        return [row for row in self._where("tier", "watch") if not row["acknowledged"]]

    @property
    def acknowledged(self) -> list[Row]:
        """The machines whose alarm stays quiet, because a person called it a fault or to be ignored."""
        return [row for row in self._where("tier", "watch") if row["acknowledged"]]

    @property
    def maintained(self) -> list[Row]:
        """The machines that are being worked on, and are not judged."""
        return [row for row in self._where("label", "maintenance") if row["tier"] == "not_decided"]

    @property
    def drifting(self) -> list[Row]:
        """The machines that have lain elsewhere for weeks."""
        return list(self.rows.filter(pc.is_valid(self.rows["drifted_by"])).to_pylist())

    @property
    def fleet_shift(self) -> float | None:
        """Deviations by which the whole fleet lies higher in this night; None without a shift."""
        return self.rows["fleet_shift"][0].as_py() if len(self.rows) else None

    @property
    def tiers(self) -> Mapping[str, int]:
        """Tier → number of machines."""
        found = Counter(self.rows["tier"].to_pylist())
        return {tier: found[tier] for tier in ("act", "watch", "within_chance", "not_decided")}

    def headline(self) -> str:
        """The sentence on top, which counts alarms alone."""
        tiers, alarms = self.tiers, self.alarms
        judged = len(self.rows) - tiers["not_decided"]
        if not judged:
            why = self.rows["sentence"][0].as_py() if len(self.rows) else "no machine has a recording of this night"
            return f"No alarm can be decided: {why.removeprefix('Not decided: ').rstrip('.')}."
        if not alarms:
            # A shift or a drift is no alarm, and is looked into all the same.
            well = "No machine is in alarm" if self.remarks() else "Nothing to do: no machine is in alarm"
            counts = {
                "acknowledged": len(self.acknowledged),
                "watched": len(self.watched),
                "not decided": tiers["not_decided"],
            }
            others = [f"{count} {word}" for word, count in counts.items() if count]
            return f"{well}. {', '.join([f'{_machines(judged)} judged', *others])}."
        new = sum(row["state"] == "new" for row in alarms)
        kinds = ", ".join(
            f"{count} {kind}" for kind, count in (("new", new), ("continuing", len(alarms) - new)) if count
        )
        are = "is" if len(alarms) == 1 else "are"
        return (
            f"{_machines(len(alarms))} of {judged} {are} in alarm ({kinds}); if all were well, "
            f"{self.config.false_alarms:.2g} a night would be."
        )

    def remarks(self) -> list[str]:
        """Lines on what is no alarm of a machine: a shift of the fleet, machines that drift."""
        lines = []
        if (shift := self.fleet_shift) is not None:
            way = "higher" if shift > 0 else "lower"
            lines.append(
                f"The whole fleet lies {abs(shift):.1f} deviations {way} in this night: look for a new gain, "
                "microphones or the weather. Machines are judged against the fleet."
            )
        if drifting := self.drifting:
            named = ", ".join(map(_name, drifting[:3]))
            more = f" and {len(drifting) - 3} more" if len(drifting) > 3 else ""
            lines.append(
                f"{_machines(len(drifting))} drifted for weeks ({named}{more}): listen, and fit again if all is well."
            )
        return lines

    @property
    def mark(self) -> str:
        """A digest of all that the page of the night says of alarms; another rule that says the same has the same."""
        told = self.rows.select(_TOLD).to_pylist()
        return content_hash(
            json.dumps([self.headline(), self.remarks(), [list(row.values()) for row in told]]).encode()
        )

    def text(self) -> str:
        """All of it in lines."""
        maintained = self.maintained
        cleared = [row for row in self.cleared if row not in maintained]
        named = [*self.alarms, *self.acknowledged, *cleared, *self.watched, *maintained]
        width = max((len(_name(row)) for row in named), default=0)
        lines = [f"  {_name(row):{width}}  {row['sentence']}{self._level(row)}" for row in named]
        return "\n".join([f"{self.date}: {self.headline()}", *lines, *self.remarks()])

    def json(self) -> dict[str, Any]:
        """JSON values: the night, its alarms with those that are over, the watched, and what is no alarm."""
        return {
            "date": self.date,
            "alarms": [*self.alarms, *self.cleared],
            "acknowledged": self.acknowledged,
            "watched": self.watched,
            "maintenance": self.maintained,
            "drifting": self.drifting,
            "fleet_shift": self.fleet_shift,
            "tiers": dict(self.tiers),
            "false_alarms": self.config.false_alarms,
            "headline": self.headline(),
        }

    def csv(self) -> str:
        """A line a machine, with the columns of ALARMS."""
        rows = self.rows.select(ALARMS.names).to_pylist()
        return csv_table(rows).rstrip("\n") if rows else ",".join(ALARMS.names)

    def _level(self, row: Row) -> str:
        """A remark on a night that is louder or quieter than those learnt; "" for one that is not."""
        change, p_value = row["level_change_db"], row["level_p_value"]
        if change is None or p_value is None or p_value > self.config.drift or abs(change) < LEAST_DB:
            return ""
        way = "higher" if change > 0 else "lower"
        return (
            f" Its level is {abs(change):.1f} dB {way} than in the nights learnt: if that is a new gain or microphone, "
            "fit again."
        )

    def _where(self, column: str, value: str) -> list[Row]:
        return list(self.rows.filter(pc.equal(self.rows[column], value)).to_pylist())


def _name(row: Row) -> str:
    return machine_name(row["machine_type"], row["machine_id"])


def _machines(count: int) -> str:
    return f"{count} machine{'s' * (count != 1)}"
