"""From evidence over nights to alarms: the rule of a recipe's ``[alarm]``, and rows of ALARMS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.discoveries import ranking
from asd_core.alarms.labelled_alarms import LabelledAlarms, labelled_alarms
from asd_core.alarms.labelled_nights import LabelledNights, told_with, with_answers
from asd_core.alarms.over_nights import FleetNights, judge_distances
from asd_core.alarms.sentences import JudgedNight, sentence
from asd_core.pipeline.borrowed_nights import BorrowedNights, judge_borrowed
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.pipeline.maintained_nights import Windows, maintained, windows_of, with_windows
from asd_core.pipeline.night_answers import MachineNight, label_columns, night_answers
from asd_core.pipeline.night_evidence import LearntFleet
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.tables import rows_of

_OF_OWN = ("z_mean", "z_worst", "clips")
GATHERED = (*_OF_OWN, "lenders", "lent_p_value")
"""Columns of EVIDENCE of which a rule needs all nights."""


@dataclass(frozen=True)
class DecidedNights:
    """A rule's decisions on the machines of a fleet over T nights.

    Attributes:
        fleet: the machines that were learnt, M.
        dates: of the nights, (T,).
        judged: what the rule made of them by their scores, in the order of the fleet's machines.
        labelled: the same with the answers of people.
        answers: machine type, machine id and date → the answer on that night.
        borrowed: what the rule made of machines that were judged by others of their type.
        config: the rule.
        windows: maintenance of machines.
    """

    fleet: LearntFleet
    dates: tuple[str, ...]
    judged: FleetNights
    labelled: LabelledNights
    answers: Mapping[MachineNight, NightAnswer]
    borrowed: BorrowedNights
    config: AlarmConfig
    windows: Windows

    def rows(self, key: str, night: int, evidence: pa.Table) -> pa.Table:
        """Rows of ALARMS of one night, alarms first and then by evidence.

        Args:
            key: of the recipe.
            night: its position.
            evidence: rows of EVIDENCE of that night.
        """
        machines = list(rows_of(evidence, "machine_type", "machine_id"))
        place, judged, labelled = _places(self.fleet, key, machines), self.judged, self.labelled

        def of(values: NDArray[Any], blank: Any) -> NDArray[Any]:
            found = np.full(len(place), blank, dtype=values.dtype)
            found[place >= 0] = values[place[place >= 0], night]
            return found

        state, since = of(labelled.episodes.states, ""), of(labelled.episodes.since, -1)
        alone, quiet = of(judged.episodes.states, ""), of(labelled.acknowledged, False)
        p_value = of(judged.p_values, np.nan)
        shift = judged.shifts[night].mean if judged.fleet_shifted[night] else None
        columns: dict[str, Any] = {name: evidence[name] for name in evidence.column_names} | {
            "tier": of(labelled.tiers, "not_decided").tolist(),
            "state": [str(one) or None for one in state],
            "since": [self.dates[first] if first >= 0 else None for first in since],
            "nights_in_alarm": of(labelled.episodes.nights_in_alarm, 0),
            "p_value": p_value,
            "p_floor": of(judged.p_floors, np.nan),
            "p_mean": of(judged.p_means, np.nan),
            "p_worst": of(judged.p_worst, np.nan),
            "alarm_level": np.full(len(place), judged.levels[night]),
            "fleet_shift": [shift] * len(place),
            "drifted_by": np.where(of(judged.drifts, False), of(judged.drifted_by, np.nan), np.nan),
            **self._pools(np.where(np.isnan(p_value), -1, place)),
            "unlabelled_state": [str(one) or None for one in alone],
            "acknowledged": [bool(is_quiet) if one else None for one, is_quiet in zip(state, quiet, strict=True)],
        }
        answers = self._answers(machines, place, night)
        columns |= label_columns(answers)
        known = {"tier": np.where(quiet, "act", columns["tier"]).tolist()}
        columns["sentence"] = self._said(columns | known, place >= 0, of(judged.settled, False), answers)
        rows = self._with_borrowed(_table(columns, ALARMS.names), night, evidence, answers)
        is_open = np.isin(rows["state"].fill_null("").to_numpy(), ("new", "continuing")) & ~quiet
        order = ranking(is_open, rows["p_value"].to_numpy(), of(judged.strength, np.nan))
        return with_windows(rows.take(pa.array(order)), self.dates[night], self.windows)

    def _with_borrowed(
        self, rows: pa.Table, night: int, evidence: pa.Table, answers: Sequence[NightAnswer | None]
    ) -> pa.Table:
        """The rows with what machines are told that were judged by others of their type."""
        if evidence["lenders"].null_count == len(evidence):
            return rows
        told = rows.to_pylist()
        for place, row in enumerate(evidence.to_pylist()):
            if row["lenders"] is not None:
                told[place] |= self.borrowed.told(night, self.dates, row, answers[place])
        return pa.Table.from_pylist(told, ALARMS)

    def labelled_alarms(self, night: int) -> LabelledAlarms:
        """How many alarms of the nights up to one were labelled, and how many of them as faults."""
        return labelled_alarms(self.judged.episodes, self.labelled.answers, night)

    def _answers(
        self, machines: Sequence[tuple[str, str]], place: NDArray[np.int64], night: int
    ) -> list[NightAnswer | None]:
        """The answer that holds for each machine in a night: its own, or the one that quiets its alarm."""
        own = [self.answers.get((*machine, self.dates[night])) for machine in machines]
        standing = [self.labelled.answers.get((one, night)) for one in place.tolist()]
        return [one or other for one, other in zip(own, standing, strict=True)]

    def _said(
        self,
        columns: Mapping[str, Any],
        is_known: NDArray[np.bool_],
        is_settled: NDArray[np.bool_],
        answers: Sequence[NightAnswer | None],
    ) -> list[str]:
        """The sentence of each machine; an acknowledged alarm is told as the alarm that it is."""
        least, rows = self.config.least_nights, rows_of(_table(columns, _SAID), *_SAID)
        alone = [
            _sentence(least, bool(steady), *row) if known else _UNKNOWN
            for known, steady, row in zip(is_known, is_settled, rows, strict=True)
        ]
        states = zip(columns["acknowledged"], columns["unlabelled_state"], strict=True)
        return [
            line
            if answer is None
            else told_with(answer, line, is_acknowledged=bool(is_quiet), unlabelled_state=state or "")
            for line, answer, (is_quiet, state) in zip(alone, answers, states, strict=True)
        ]

    def _pools(self, place: NDArray[np.int64]) -> dict[str, list[Any]]:
        """Size and name of the pool of each machine at a place in the fleet; nothing at -1."""
        calibration = self.fleet.calibration
        pools = [None if one < 0 else calibration.pools[calibration.pool_of[one]] for one in place]
        return {
            "pool_nights": [0 if pool is None else len(pool.smaller.values) for pool in pools],
            "pooled_over": [None if one < 0 else self.fleet.pool_name(one) for one in place],
        }


_UNKNOWN = (
    "Not decided: no scorer knows this machine, and its type has none to lend (that takes 3 machines with 5 nights "
    "each): fit one from its normal clips with asd fit."
)
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
    "normal_clips",
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
    normals: int | None,
) -> str:
    value, floor, mean, worst = (np.nan if p is None else p for p in (p_value, p_floor, p_mean, p_worst))
    counts = (clips, nights_in_alarm, learnt, least_nights, normals or 0)
    return sentence(JudgedNight(tier, state or "", value, floor, level, mean, worst, *counts, is_settled))


def _table(columns: Mapping[str, Any], names: Sequence[str]) -> pa.Table:
    """Some columns in the types of ALARMS, null where a number is none."""
    fields = [ALARMS.field(name) for name in names]
    arrays = [pa.array(columns[one.name], one.type, from_pandas=True) for one in fields]
    return pa.table(arrays, schema=pa.schema(fields))


def decide(
    fleet: LearntFleet,
    key: str,
    nights: GatheredNights,
    config: AlarmConfig,
    labels: pa.Table | None = None,
    maintenance: pa.Table | None = None,
) -> DecidedNights:
    """Apply a rule to the evidence of nights, and the answers of people to its alarms.

    Args:
        fleet: by whose learnt nights the last of them is judged.
        key: of the recipe.
        nights: with the columns `GATHERED`.
        config: the rule.
        labels: rows of LABELS that count; None for none.
        maintenance: rows of MAINTENANCE that count; None for none. Nights in it are not judged, and end an alarm.
    """
    machines, total = len(fleet.kinds), len(nights.dates)
    place = _places(fleet, key, nights.machines)
    values = np.full((3, machines, total), np.nan)
    values[:, place[place >= 0]] = np.stack([nights.matrix(name)[place >= 0] for name in _OF_OWN])
    clips = np.nan_to_num(values[2]).astype(np.int64)
    windows, ended = windows_of(maintenance), None
    if windows:
        ended = np.zeros((machines, total), bool)
        ended[place[place >= 0]] = maintained(windows, nights.machines, nights.dates)[place >= 0]
        values[:2, ended] = np.nan
    judged = judge_distances(fleet.calibration, fleet.null, np.arange(total), values[:2], clips, config)
    answers = {} if labels is None else night_answers(labels, nights)
    learnt, number = fleet.calibration.means.learnt, {date: night for night, date in enumerate(nights.dates)}
    of_machine = dict(zip(nights.machines, place.tolist(), strict=True))
    placed = {(of_machine[kind, name], number[date]): one for (kind, name, date), one in answers.items()}
    placed = {where: one for where, one in placed.items() if where[0] >= 0}
    labelled = with_answers(judged, values[:2], nights.dates, placed, learnt, config, ended)
    borrowed = judge_borrowed(nights, judged.p_values, config)
    return DecidedNights(fleet, tuple(nights.dates), judged, labelled, answers, borrowed, config, windows)


def _places(fleet: LearntFleet, key: str, machines: list[tuple[str, str]]) -> NDArray[np.int64]:
    """The position of each machine in the fleet, whatever its scorer's version; -1 for one that was not learnt."""
    folders = {folder: place for (folder, _), place in fleet.places.items()}
    return np.array([folders.get(scorer_folder(key, *machine), -1) for machine in machines], np.int64)
