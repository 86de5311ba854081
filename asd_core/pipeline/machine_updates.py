"""Refits of the scorers of a group of machines whose banks have grown: tried, checked, and published or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.alarms.refit_checks import held_out_flags, sensitivity_lost
from asd_core.clips.occasions import numbered, occasions
from asd_core.errors import AsdError
from asd_core.pipeline.embedded_rows import machines_of
from asd_core.pipeline.fitted_nights import keep_nights
from asd_core.pipeline.groups_left_out import grown_left_out
from asd_core.pipeline.left_out_nights import LEFT_OUT
from asd_core.pipeline.machine_fits import scorer_of_rows
from asd_core.pipeline.machine_tasks import MachineTask
from asd_core.pipeline.reducer import MachineGroup, score_machine
from asd_core.pipeline.scorer import Scorer
from asd_core.pipeline.scorer_files import save_scorer, scorer_folder
from asd_core.pipeline.threads import one_thread

BANK, COMPARED, HELD_OUT, FAULT = "bank", "compared", "held_out", "fault"
"""Parts of a machine's clips: to learn, to compare new nights with, to check the refit on, and those of faults."""

_SCORED = ("machine_type", "machine_id", "uri", "date", "anomaly_score")


@dataclass(frozen=True)
class UpdateTask:
    """A group of machines to refit.

    Attributes:
        task: the machines with all their clips; its versions are those that score now.
        parts: clip id → `BANK`, `COMPARED`, `HELD_OUT` or `FAULT`.
        anchors: scorer folder → version that a person's fit made.
        joined: scorer folder → dates of the nights that join.
        retreats: scorer folders of machines of which nights leave and none joins: the refit goes back towards the
            anchor, and needs no check. Such a machine may have no well night left to check one on.
        waited: nights of quarantine.
        alike: intraclass correlation of flags, see `held_out_flags`.
    """

    task: MachineTask
    parts: Mapping[str, str]
    anchors: Mapping[str, str]
    joined: Mapping[str, tuple[str, ...]]
    retreats: frozenset[str]
    waited: int
    alike: float


@dataclass(frozen=True)
class UpdateOutcome:
    """The outcome of an update for one machine.

    Attributes:
        machine_type: whose.
        machine_id: whose.
        version: that scores from now on.
        is_new: True where a refit was published.
        nights: that joined its anchor's.
        normal_clips: that the refit learnt.
        threshold: of the refit.
        flagged: held-out clips that the refit flags.
        flagged_now: held-out clips that the scorer flags that is there.
        held_out: number of held-out clips.
        refused: why the refit was not published; "" where it was.
    """

    machine_type: str
    machine_id: str
    version: str
    is_new: bool = False
    nights: int = 0
    normal_clips: int = 0
    threshold: float | None = None
    flagged: int = 0
    flagged_now: int = 0
    held_out: int = 0
    refused: str = ""


def anchored_scores(task: MachineTask) -> pa.Table:
    """Scores of clips by the scorers in the task's versions: machine type and id, uri, date and anomaly score."""
    group = MachineGroup(task)
    with one_thread():
        rows = [score_machine(group, *machine).select(_SCORED) for machine in machines_of(task.clips)]
    return pa.concat_tables(rows)


def update_machines(update: UpdateTask) -> list[UpdateOutcome]:
    """Refit every machine of a group; one that cannot be refitted keeps its scorer and stops no other."""
    group = MachineGroup(update.task)
    with one_thread():
        return [_updated(group, update, *machine) for machine in machines_of(update.task.clips)]


def _updated(
    group: MachineGroup, update: UpdateTask, machine_type: str, machine_id: str, clips: pa.Table
) -> UpdateOutcome:
    folder = scorer_folder(group.task.key, machine_type, machine_id)
    now, nights = group.task.versions[folder], update.joined[folder]
    parts = {name: _part(update, clips, name) for name in (BANK, COMPARED, HELD_OUT, FAULT)}
    try:
        rows = group.rows(machine_type, parts[BANK])
        rows = rows.filter(pc.is_null(rows["error_reason"]))
        if not len(rows):
            raise AsdError(f"none of {len(parts[BANK])} normal clips can be used")
        taken = occasions(rows["date"].to_pylist(), rows["recorded_at"].to_pylist())
        scorer = scorer_of_rows(group, machine_type, machine_id, rows, grown_left_out(taken, nights, update.waited))
        machine = machine_type, machine_id
        held, faults = (parts[name] for name in (HELD_OUT, FAULT))
        before = _scored(group, machine, held, None), _scored(group, machine, faults, None)
        after = _scored(group, machine, held, scorer), _scored(group, machine, faults, scorer)
        beside = _left_out(_scored(group, machine, parts[COMPARED], scorer))
    except (AsdError, ValueError, ArithmeticError) as error:  # the latter two from within a library
        return UpdateOutcome(machine_type, machine_id, now, nights=len(nights), refused=str(error))
    why = "" if folder in update.retreats else _refusal(scorer, update.alike, before, after)
    labelled, version, is_new = group.task.labelled.intersection(rows["clip_id"].to_pylist()), now, False
    if not why:
        told = {"anchor": update.anchors[folder], "nights": list(nights)}
        version, is_new = save_scorer(group.store, group.task.key, scorer, len(labelled), told)
        keep_nights(group.store, folder, version, scorer, rows, labelled, beside)
    return UpdateOutcome(
        machine_type,
        machine_id,
        version,
        is_new,
        len(nights),
        len(parts[BANK]),
        scorer.threshold,
        int(pc.sum(after[0]["is_flagged"]).as_py() or 0),
        int(pc.sum(before[0]["is_flagged"]).as_py() or 0),
        len(after[0]),
        why,
    )


def _part(update: UpdateTask, clips: pa.Table, name: str) -> pa.Table:
    own = [update.parts.get(clip_id) == name for clip_id in clips["clip_id"].to_pylist()]
    return clips.filter(pa.array(own, pa.bool_()))


def _scored(group: MachineGroup, machine: tuple[str, str], clips: pa.Table, scorer: Scorer | None) -> pa.Table:
    """Rows of SCORES without errors, by a scorer that is not published; None for the one that scores now."""
    folder = scorer_folder(group.task.key, *machine)
    if scorer is not None:
        group.scorers[folder] = scorer, ""
    try:
        rows = score_machine(group, *machine, clips)
    finally:
        group.scorers.pop(folder, None)
    return rows.filter(pc.is_valid(rows["anomaly_score"]))


def _left_out(rows: pa.Table) -> pa.Table:
    """Rows of LEFT_OUT of scored clips of nights that were not learnt."""
    columns = {name: rows[name] for name in ("uri", "anomaly_score", "level_db")}
    columns |= {"night": rows["date"], "left_out": ["night"] * len(rows)}
    return pa.table({name: columns[name] for name in LEFT_OUT.names}).cast(LEFT_OUT)


def _refusal(scorer: Scorer, alike: float, before: tuple[pa.Table, pa.Table], after: tuple[pa.Table, pa.Table]) -> str:
    """Why a refit is not to be published; "" where its calibration holds and it is no less sensitive."""
    held = after[0]
    flagged = held["is_flagged"].to_numpy(zero_copy_only=False).astype(bool)
    nights = numbered(held["date"].to_pylist())
    nominal = 1 - scorer.recipe.threshold.quantile
    check = held_out_flags(flagged, np.asarray(nights), nominal, alike)
    if check.trouble:
        return check.trouble
    (old, new) = (tuple(rows["anomaly_score"].to_numpy() for rows in reversed(pair)) for pair in (before, after))
    lost = sensitivity_lost((old[0], old[1]), (new[0], new[1]))
    if lost is None:
        return ""
    return (
        f"it tells {len(new[0])} clips that are labelled a fault worse from normal ones: "
        f"AUC {lost[1]:.3f}, and {lost[0]:.3f} by the scorer that stays"
    )
