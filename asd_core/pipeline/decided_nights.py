"""From evidence over nights to alarms: the rule of a recipe's ``[alarm]``, and rows of ALARMS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from asd_core.alarms.discoveries import Tiers, alarm_levels, persistent, ranking
from asd_core.alarms.episodes import Episodes, episodes, tiers
from asd_core.alarms.machine_nights import Floats
from asd_core.alarms.sentences import JudgedNight, sentence
from asd_core.pipeline.fleet_nights import FleetNights
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.tables import ALARMS, rows_of


@dataclass(frozen=True)
class DecidedNights:
    """A rule's decisions on M machines over T nights.

    Attributes:
        nights: what was decided on.
        config: the rule.
        levels: (T,) the largest p that is an alarm in each night.
        alarms: when alarms begin, go on and end.
        tiers: (M, T) as in ALARMS.
    """

    nights: FleetNights
    config: AlarmConfig
    levels: Floats
    alarms: Episodes
    tiers: Tiers

    def rows(self, night: int, evidence: pa.Table) -> pa.Table:
        """Rows of ALARMS of one night, alarms first and then by evidence.

        Args:
            night: its position.
            evidence: rows of EVIDENCE of that night.
        """
        places = self.nights.places_of(evidence)
        states, since = self.alarms.states[places, night], self.alarms.since[places, night]
        columns = {name: evidence[name] for name in evidence.column_names}
        columns |= {
            "tier": self.tiers[places, night].tolist(),
            "state": [str(state) or None for state in states],
            "since": [self.nights.dates[first] if first >= 0 else None for first in since],
            "nights_in_alarm": self.alarms.nights_in_alarm[places, night],
        }
        table = pa.table(columns)
        said = [self._sentence(night, *row) for row in rows_of(table, *_SAID)]
        table = table.append_column("sentence", pa.array(said, pa.string())).select(ALARMS.names).cast(ALARMS)
        strength = np.fmax(*(evidence[name].to_numpy() for name in ("z_mean", "z_worst")))
        is_alarm = np.isin(states, ("new", "continuing"))
        return table.take(pa.array(ranking(is_alarm, evidence["p_value"].to_numpy(), strength)))

    def _sentence(self, night: int, tier: Any, state: Any, *numbers: float | None) -> str:
        p_value, p_floor, p_mean, p_worst, clips, in_alarm, learnt = (np.nan if n is None else n for n in numbers)
        level, counts = float(self.levels[night]), (int(clips), int(in_alarm), int(learnt))
        p_values = (p_value, p_floor, level, p_mean, p_worst)
        return sentence(JudgedNight(tier, state or "", *p_values, *counts, self.config.least_nights))


_SAID = (
    "tier",
    "state",
    "p_value",
    "p_floor",
    "p_mean",
    "p_worst",
    "clips",
    "nights_in_alarm",
    "calibration_nights",
)


def decide(nights: FleetNights, config: AlarmConfig) -> DecidedNights:
    """Apply a rule to the p-values of nights.

    Args:
        nights: with columns ``p_value`` and ``calibration_nights``.
        config: the rule.
    """
    p_values = nights.matrix("p_value")
    p_values[nights.matrix("calibration_nights") < config.least_nights] = np.nan
    least, last = config.persistence
    judged = persistent(p_values, least, last)
    levels = alarm_levels(judged, config.false_alarms, config.rule)
    alarms = episodes(judged, levels, config.clear_after, config.watch)
    return DecidedNights(nights, config, levels, alarms, tiers(p_values, alarms.in_alarm, config.watch))
