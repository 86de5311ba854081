"""From evidence over nights to alarms: the rule of a recipe's ``[alarm]``, and rows of ALARMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.alarms.discoveries import ranking
from asd_core.alarms.over_nights import FleetNights, judge_distances
from asd_core.alarms.sentences import JudgedNight, sentence
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.pipeline.night_evidence import LearntFleet
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.tables import ALARMS, rows_of

GATHERED = ("z_mean", "z_worst", "clips")
"""Columns of EVIDENCE of which a rule needs all nights."""


@dataclass(frozen=True)
class DecidedNights:
    """A rule's decisions on the machines of a fleet over T nights.

    Attributes:
        fleet: the machines that were learnt, M.
        dates: of the nights, (T,).
        judged: what the rule made of them, in the order of the fleet's machines.
        config: the rule.
    """

    fleet: LearntFleet
    dates: tuple[str, ...]
    judged: FleetNights
    config: AlarmConfig

    def rows(self, key: str, night: int, evidence: pa.Table) -> pa.Table:
        """Rows of ALARMS of one night, alarms first and then by evidence.

        Args:
            key: of the recipe.
            night: its position.
            evidence: rows of EVIDENCE of that night.
        """
        place, judged = _places(self.fleet, key, list(rows_of(evidence, "machine_type", "machine_id"))), self.judged

        def of(values: NDArray[Any], blank: Any) -> NDArray[Any]:
            found = np.full(len(place), blank, dtype=values.dtype)
            found[place >= 0] = values[place[place >= 0], night]
            return found

        state, since = of(judged.episodes.states, ""), of(judged.episodes.since, -1)
        p_value = of(judged.p_values, np.nan)
        shift = judged.shifts[night].mean if judged.fleet_shifted[night] else None
        columns = {name: evidence[name] for name in evidence.column_names} | {
            "tier": of(judged.tiers, "not_decided").tolist(),
            "state": [str(one) or None for one in state],
            "since": [self.dates[first] if first >= 0 else None for first in since],
            "nights_in_alarm": of(judged.episodes.nights_in_alarm, 0),
            "p_value": p_value,
            "p_floor": of(judged.p_floors, np.nan),
            "p_mean": of(judged.p_means, np.nan),
            "p_worst": of(judged.p_worst, np.nan),
            "alarm_level": np.full(len(place), judged.levels[night]),
            "fleet_shift": [shift] * len(place),
            "drifted_by": np.where(of(judged.drifts, False), of(judged.drifted_by, np.nan), np.nan),
            **self._pools(np.where(np.isnan(p_value), -1, place)),
        }
        told = zip(place >= 0, of(judged.settled, False), rows_of(_table(columns, _SAID), *_SAID), strict=True)
        said = [
            _sentence(self.config.least_nights, bool(is_settled), *row) if is_known else _UNKNOWN
            for is_known, is_settled, row in told
        ]
        order = ranking(np.isin(state, ("new", "continuing")), p_value, of(judged.strength, np.nan))
        return _table(columns | {"sentence": said}, ALARMS.names).take(pa.array(order))

    def _pools(self, place: NDArray[np.int64]) -> dict[str, list[Any]]:
        """Size and name of the pool of each machine at a place in the fleet; nothing at -1."""
        calibration = self.fleet.calibration
        pools = [None if one < 0 else calibration.pools[calibration.pool_of[one]] for one in place]
        return {
            "pool_nights": [0 if pool is None else len(pool.smaller.values) for pool in pools],
            "pooled_over": [None if one < 0 else self.fleet.pool_name(one) for one in place],
        }


_UNKNOWN = "Not decided: no scorer knows this machine: fit one from its normal clips with asd fit."
_SAID = (
    "tier",
    "state",
    "p_value",
    "p_floor",
    "alarm_level",
    "p_mean",
    "p_worst",
    "clips",
    "nights_in_alarm",
    "calibration_nights",
)


def _sentence(
    least_nights: int,
    is_settled: bool,
    tier: Any,
    state: Any,
    p_value: float | None,
    p_floor: float | None,
    level: float,
    p_mean: float | None,
    p_worst: float | None,
    clips: int,
    nights_in_alarm: int,
    learnt: int,
) -> str:
    value, floor, mean, worst = (np.nan if p is None else p for p in (p_value, p_floor, p_mean, p_worst))
    counts = (clips, nights_in_alarm, learnt, least_nights)
    return sentence(JudgedNight(tier, state or "", value, floor, level, mean, worst, *counts, is_settled))


def _table(columns: Mapping[str, Any], names: Sequence[str]) -> pa.Table:
    """Some columns in the types of ALARMS, null where a number is none."""
    fields = [ALARMS.field(name) for name in names]
    arrays = [pa.array(columns[one.name], one.type, from_pandas=True) for one in fields]
    return pa.table(arrays, schema=pa.schema(fields))


def decide(fleet: LearntFleet, key: str, nights: GatheredNights, config: AlarmConfig) -> DecidedNights:
    """Apply a rule to the evidence of nights.

    Args:
        fleet: by whose learnt nights the last of them is judged.
        key: of the recipe.
        nights: with the columns `GATHERED`.
        config: the rule.
    """
    machines, total = len(fleet.kinds), len(nights.dates)
    place = _places(fleet, key, nights.machines)
    values = np.full((3, machines, total), np.nan)
    values[:, place[place >= 0]] = np.stack([nights.matrix(name)[place >= 0] for name in GATHERED])
    clips = np.nan_to_num(values[2]).astype(np.int64)
    judged = judge_distances(fleet.calibration, fleet.null, np.arange(total), values[:2], clips, config)
    return DecidedNights(fleet, tuple(nights.dates), judged, config)


def _places(fleet: LearntFleet, key: str, machines: list[tuple[str, str]]) -> NDArray[np.int64]:
    """The position of each machine in the fleet, whatever its scorer's version; -1 for one that was not learnt."""
    folders = {folder: place for (folder, _), place in fleet.places.items()}
    return np.array([folders.get(scorer_folder(key, *machine), -1) for machine in machines], np.int64)
