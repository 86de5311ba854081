"""From the scores of a night to the evidence against each machine, by the nights that its scorer learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.alarms.calibration import Calibration, calibrate
from asd_core.alarms.drift import FleetNull, fleet_null
from asd_core.alarms.level_shifts import level_shifts
from asd_core.alarms.machine_nights import Floats, MachineNights, machine_nights
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.store.alarm_schemas import EVIDENCE

FLEET = "fleet"
"""The pool of the nights of all machines."""

SCORES_READ = (
    "machine_type",
    "machine_id",
    "uri",
    "anomaly_score",
    "is_flagged",
    "level_db",
    "error_reason",
    "scorer_version",
)
"""Columns of SCORES that evidence is made from."""


@dataclass(frozen=True)
class LearntFleet:
    """The learnt nights of the scorers of a fleet.

    Attributes:
        places: (scorer folder, version) → position among the machines.
        kinds: (M,) machine type of each, as its folder is named.
        calibration: by which further nights are judged.
        null: medians of the fleet in the learnt nights.
        nights: those that were learnt.
        numbers: name of a learnt night → its number among the nights.
        learnt: (M,) number of learnt nights; 1 where there is one alone, without which nothing can be fitted.
        levels: (N,) mean RMS level of each learnt night, dB re full scale, in the order of the nights; NaN for unknown.
        normals: (M,) number of learnt clips.
    """

    places: Mapping[tuple[str, str], int]
    kinds: tuple[str, ...]
    calibration: Calibration
    null: FleetNull
    nights: MachineNights
    numbers: Mapping[str, int]
    learnt: NDArray[np.int64]
    levels: Floats
    normals: NDArray[np.int64]

    def pool_name(self, place: int) -> str:
        """The machine type of a machine's pool, or `FLEET`."""
        return self.kinds[place] if self.calibration.pool_of[place] else FLEET


def learnt_fleet(fitted: pa.Table, versions: Mapping[str, str]) -> LearntFleet:
    """Learn how normal nights of a fleet look.

    Args:
        fitted: rows of FITTED_NIGHTS of these scorers. Rows of which a clip alone was left out tell of no night.
        versions: scorer folder → version, of every machine.
    """
    folders = sorted(versions)
    kinds = tuple(folder.split("/")[2] for folder in folders)
    of_kind = {kind: number for number, kind in enumerate(sorted(set(kinds)))}
    machines = pc.index_in(pc.cast(fitted["folder"], pa.string()), value_set=pa.array(folders, pa.string()))
    of_row, is_told = machines.to_numpy().astype(np.int64), pc.cast(fitted["night"], pa.string()).to_numpy() != ""
    is_night = pc.not_equal(pc.cast(fitted["left_out"], pa.string()), "clip").to_numpy().astype(bool)
    normals = np.bincount(of_row, minlength=len(folders))
    alone = np.bincount(of_row[is_told & ~is_night], minlength=len(folders)) > 0
    fitted, of_row = fitted.filter(pa.array(is_night)), of_row[is_night]
    names = pc.cast(fitted["night"], pa.string()).combine_chunks().dictionary_encode()
    numbers, night = {name: code for code, name in enumerate(names.dictionary.to_pylist())}, _codes(names)
    nights = machine_nights(fitted["anomaly_score"].to_numpy(), of_row, night)
    types = np.array([of_kind[kind] for kind in kinds], np.int64)
    levels = _means_of(nights, of_row, night, fitted["level_db"].to_numpy())
    places = {(folder, versions[folder]): place for place, folder in enumerate(folders)}
    calibration = calibrate(nights, len(folders), types)
    null = fleet_null(nights.nights, calibration.null_means)
    learnt = np.where(calibration.means.learnt == 0, alone, calibration.means.learnt)
    return LearntFleet(places, kinds, calibration, null, nights, numbers, learnt, levels, normals)


def night_evidence(learnt: LearntFleet, key: str, date: str, scores: pa.Table) -> pa.Table:
    """Rows of EVIDENCE of the machines with a clip in a night, in the order of their names.

    Of a machine whose clips have scores of two scorers, those of the scorer of most of them are taken.

    Args:
        learnt: the fleet, with the scorers that scored the night.
        key: of the recipe.
        date: of the night.
        scores: rows with the columns `SCORES_READ`, of this night alone.
    """
    scores = scores.sort_by([("machine_type", "ascending"), ("machine_id", "ascending")])
    names, machine = _machines(scores)
    version, is_judged = _versions(scores, machine, len(names))
    keys = [(scorer_folder(key, *name), one or "") for name, one in zip(names, version, strict=True)]
    place = np.array([learnt.places.get(one, -1) for one in keys], np.int64)
    scored = np.flatnonzero(np.isfinite(scores["anomaly_score"].to_numpy()) & is_judged)
    own = _of_clips(scores, machine, scored, len(names))
    columns = {
        "machine_type": [kind for kind, _ in names],
        "machine_id": [name for _, name in names],
        "date": [date] * len(names),
        **_of_nights(learnt, place, date, scores, machine, scored),
        **own,
        **_of_levels(learnt, place, own["level_db"]),
        "scorer_version": version,
        **{name: [None] * len(names) for name in ("lenders", "lent_p_value", "lent_p_floor")},  # see `with_lent_nights`
    }
    arrays = {one.name: pa.array(columns[one.name], one.type, from_pandas=True) for one in EVIDENCE}
    return pa.table(arrays, schema=EVIDENCE)


def _of_nights(
    learnt: LearntFleet,
    place: NDArray[np.int64],
    date: str,
    scores: pa.Table,
    machine: NDArray[np.int64],
    scored: NDArray[np.int64],
) -> dict[str, object]:
    """The night of each machine on its normal scale; its place among those learnt is -1 for none.

    A machine that has learnt this very night is told by its scores without it: its own scores know the night.
    """
    total, rows = len(place), scored[place[machine[scored]] >= 0]
    of_machine = machine_nights(scores["anomaly_score"].to_numpy()[rows], machine[rows], np.zeros(len(rows), np.int64))
    judged = of_machine.machines  # positions among the machines of the night
    found = learnt.calibration.standardise(replace(of_machine, machines=place[judged]))
    values = np.full((2, total), np.nan)
    values[:, judged] = found
    known = np.full((2, len(learnt.kinds) + 1), np.nan)
    known[:, :-1] = _of_learnt(learnt, date)
    values = np.where(np.isnan(known[:, place]), values, known[:, place])
    nights, normals = (np.append(counts, 0)[place] for counts in (learnt.learnt, learnt.normals))  # none at -1
    return {"z_mean": values[0], "z_worst": values[1], "calibration_nights": nights, "normal_clips": normals}


def _of_levels(learnt: LearntFleet, place: NDArray[np.int64], levels: Floats) -> dict[str, Floats]:
    """How far each machine's level lies from that of its learnt nights, and how rarely it lies as far."""
    known = np.flatnonzero((place >= 0) & np.isfinite(levels))
    tonight = (place[known], levels[known])
    shifts = level_shifts((learnt.nights.machines, learnt.levels), tonight, len(learnt.kinds))
    found = np.full((2, len(place)), np.nan)
    found[:, known] = shifts.decibels, shifts.p_values
    return {"level_change_db": found[0], "level_p_value": found[1]}


def _of_learnt(learnt: LearntFleet, date: str) -> Floats:
    """The normal scale of the machines that have learnt a night, (2, M); NaN for the others."""
    rows = np.flatnonzero(learnt.nights.nights == learnt.numbers.get(date, -1))
    found = np.full((2, len(learnt.kinds)), np.nan)
    found[:, learnt.nights.machines[rows]] = learnt.calibration.null_means[rows], learnt.calibration.null_worst[rows]
    return found


def _machines(scores: pa.Table) -> tuple[list[tuple[str, str]], NDArray[np.int64]]:
    """The machines of rows that are sorted by machine, and the position of each row's among them."""
    kinds, ids = _codes(scores["machine_type"]), _codes(scores["machine_id"])
    is_first = np.ones(len(scores), bool)
    is_first[1:] = (np.diff(kinds) != 0) | (np.diff(ids) != 0)
    firsts = scores.select(["machine_type", "machine_id"]).filter(pa.array(is_first))
    names = list(zip(firsts["machine_type"].to_pylist(), firsts["machine_id"].to_pylist(), strict=True))
    return names, np.cumsum(is_first) - 1


def _versions(
    scores: pa.Table, machine: NDArray[np.int64], machines: int
) -> tuple[list[str | None], NDArray[np.bool_]]:
    """The scorer version of each machine, None where nothing was scored, and which rows are of it."""
    encoded = scores["scorer_version"].combine_chunks().dictionary_encode()
    names = encoded.dictionary.to_pylist()
    code = encoded.indices.fill_null(-1).to_numpy()
    known = np.flatnonzero(code >= 0)
    pairs, counts = np.unique(machine[known] * max(len(names), 1) + code[known], return_counts=True)
    chosen = np.full(machines, -1)
    for pair in np.argsort(counts, kind="stable"):  # the last one written has the most clips
        chosen[pairs[pair] // len(names)] = pairs[pair] % len(names)
    return [names[one] if one >= 0 else None for one in chosen], (code >= 0) & (code == chosen[machine])


def _of_clips(scores: pa.Table, machine: NDArray[np.int64], scored: NDArray[np.int64], machines: int) -> dict[str, Any]:
    """Counts of clips, mean and worst score, address of the worst clip, and mean level of each machine."""
    score, own = scores["anomaly_score"].to_numpy()[scored], machine[scored]
    count = np.bincount(own, minlength=machines)
    order = np.lexsort((score, own))
    last = np.cumsum(count)[count > 0] - 1
    worst_rows = np.full(machines, -1)
    worst_rows[count > 0] = scored[order[last]]
    uris = scores["uri"].take(pa.array(worst_rows, mask=worst_rows < 0))
    level = scores["level_db"].to_numpy()
    heard = scored[np.isfinite(level[scored])]
    is_flagged, is_error = scores["is_flagged"].fill_null(False), pc.is_valid(scores["error_reason"])
    return {
        "clips": count,
        "flagged": np.bincount(machine, is_flagged.to_numpy(), machines).astype(np.int64),
        "errors": np.bincount(machine, is_error.to_numpy(), machines).astype(np.int64),
        "night_mean": _mean(score, own, machines),
        "worst": np.where(worst_rows >= 0, scores["anomaly_score"].to_numpy()[worst_rows], np.nan),
        "worst_uri": uris.to_pylist(),
        "level_db": _mean(level[heard], machine[heard], machines),
    }


def _mean(values: Floats, groups: NDArray[np.int64], total: int) -> Floats:
    """Mean of each group, (total,); NaN for an empty one."""
    count = np.bincount(groups, minlength=total)
    return np.where(count > 0, np.bincount(groups, values, total) / np.maximum(count, 1), np.nan)


def _means_of(nights: MachineNights, machines: NDArray[np.int64], night: NDArray[np.int64], values: Floats) -> Floats:
    """Mean of the finite values of each night, (N,); NaN where there is none."""
    width = int(night.max(initial=0)) + 1
    keys = nights.machines * width + nights.nights
    heard = np.flatnonzero(np.isfinite(values))
    return _mean(values[heard], np.searchsorted(keys, machines[heard] * width + night[heard]), len(keys))


def _codes(column: pa.ChunkedArray | pa.DictionaryArray) -> NDArray[np.int64]:
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    return np.asarray(encoded.indices.to_numpy(), np.int64)
