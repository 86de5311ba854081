"""The nights that banks may learn, by alarms, labels and anchors, and the clips that each machine's bank has then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import machine_nights
from asd_core.alarms.well_nights import Growth, GrowthRules, growth, standing_apart, thinned
from asd_core.clips.clip import UNDATED
from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import Engine, Progress, tracked
from asd_core.pipeline.lacking_nights import learnt_clips
from asd_core.pipeline.machine_tasks import machine_tasks
from asd_core.pipeline.machine_updates import BANK, COMPARED, FAULT, HELD_OUT, anchored_scores
from asd_core.pipeline.night_evidence import learnt_fleet
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarms import find_alarms
from asd_core.runs.labelled_bank import labelled_bank
from asd_core.runs.learnt_nights import learnt_nights
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, first_of_each, rows_of

Machine = tuple[str, str]
MachineNight = tuple[str, str, str]
Heads = Mapping[str, tuple[str, Mapping[str, Any]]]
"""Scorer folder → version and head, see `newest_heads`."""

_NIGHT = ("machine_type", "machine_id", "date")


@dataclass(frozen=True)
class JudgedNights:
    """Nights of the machines that have a scorer, in the order of both.

    Attributes:
        folders: (M,) of the machines.
        machines: (M,) machine type and id.
        dates: (T,) of the nights.
        clips: of these nights, rows of CLIPS, those without a score left out.
        found: which of them may be learnt.
        learnt: scorer folder → nights that its anchor is judged by.
    """

    folders: list[str]
    machines: list[Machine]
    dates: list[str]
    clips: pa.Table
    found: Growth
    learnt: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class GrownBanks:
    """The clips of machines whose bank is another one now.

    Attributes:
        clips: rows of CLIPS, in the order of machine, date and address.
        parts: clip id → `BANK`, `COMPARED`, `HELD_OUT` or `FAULT`.
        joined: scorer folder → dates of the nights that join its anchor's.
        labelled: ids of the clips that are there because a person labelled them normal.
    """

    clips: pa.Table
    parts: dict[str, str]
    joined: dict[str, tuple[str, ...]]
    labelled: Collection[str]


def judged_nights(
    store: Store,
    recipe: Recipe,
    heads: Heads,
    anchors: Mapping[str, str],
    engine: Engine,
    progress: Progress,
    rules: GrowthRules,
) -> JudgedNights:
    """The last nights and those that joined before, judged by what people and alarms say and by the anchors."""
    key = recipe.key()
    dated = sorted(date for date in store.scored_dates(key) if date != UNDATED)
    if not dated:
        raise AsdError(f"no night is scored for {key}, so none can join: run asd nightly first")
    kept = {date for _, head in heads.values() for date in head.get("update", {}).get("nights", ())}
    dates = sorted(set(dated[-(rules.window + rules.hold + rules.quarantine) :]) | (kept & set(dated)))
    clips = store.scores(key, dates, [*CLIPS.names, "error_reason"])
    clips = clips.filter(pc.is_null(clips["error_reason"])).select(CLIPS.names)
    named = {scorer_folder(key, *machine): machine for machine in set(rows_of(clips, *_NIGHT[:2]))}
    folders = sorted(folder for folder in anchors if folder in named)
    machines = [named[folder] for folder in folders]
    place = {machine: row for row, machine in enumerate(machines)}
    clips = clips.filter(pa.array([one in place for one in rows_of(clips, *_NIGHT[:2])], pa.bool_()))
    alarms = find_alarms(store, recipe, dates, engine, progress, as_history=True)
    tiers = _tiers(alarms, place, dates)
    embedded = embed(store, recipe.encoders_of(clips), clips, engine, progress)
    chosen = {folder: anchors[folder] for folder in folders}
    tasks = machine_tasks(store, recipe, key, embedded, chosen, "", engine.workers)
    found = tracked(engine.map(anchored_scores, tasks), "comparing nights with anchors", len(tasks), progress)
    rows = pa.concat_tables(list(found))
    fitted = learnt_nights(store, recipe, chosen, engine, progress)
    fleet = learnt_fleet(fitted, chosen)
    night = {date: number for number, date in enumerate(dates)}
    of_night = machine_nights(
        rows["anomaly_score"].to_numpy(),
        np.array([place[one] for one in rows_of(rows, *_NIGHT[:2])], np.int64),
        np.array([night[one] for one in rows["date"].to_pylist()], np.int64),
    )
    distances = np.full((2, len(machines), len(dates)), np.nan)
    distances[:, of_night.machines, of_night.nights] = fleet.calibration.standardise(of_night)
    standing = standing_apart(distances, fleet.calibration.means.learnt, rules)
    return JudgedNights(folders, machines, dates, clips, growth(tiers, standing, rules), _nights_of(fitted))


def _tiers(alarms: Mapping[str, pa.Table], place: Mapping[Machine, int], dates: Sequence[str]) -> NDArray[np.str_]:
    """(M, T) of each night, an acknowledged alarm being one; "" for one that is not judged or that has a label."""
    tiers = np.full((len(place), len(dates)), "", dtype="<U14")
    for number, date in enumerate(dates):
        rows = rows_of(alarms[date], "machine_type", "machine_id", "tier", "label", "acknowledged")
        for kind, name, tier, label, is_quiet in rows:
            if (kind, name) in place and (label is None or tier == "act" or is_quiet):
                tiers[place[kind, name], number] = "act" if is_quiet else tier
    return tiers


def _nights_of(fitted: pa.Table) -> dict[str, set[str]]:
    """Scorer folder → names of its learnt nights, of rows of FITTED_NIGHTS."""
    found: dict[str, set[str]] = {}
    for folder, night in rows_of(fitted.group_by(["folder", "night"]).aggregate([]), "folder", "night"):
        found.setdefault(folder, set()).add(night)
    return found


def grown_banks(
    store: Store,
    recipe: Recipe,
    heads: Heads,
    anchors: Mapping[str, str],
    judged: JudgedNights,
    rules: GrowthRules,
    again: Collection[str] = (),
) -> GrownBanks:
    """The banks with the nights that join, of the machines whose bank is another one than their scorer learnt.

    Args:
        store: where labels and the manifests of fits are.
        recipe: whose scorers.
        heads: of the newest scorers.
        anchors: scorer folder → version of its anchor.
        judged: nights that may join.
        rules: of how many nights are kept.
        again: scorer folders of machines whose bank is given though it is the same.
    """
    key, folder_of = recipe.key(), dict(zip(judged.machines, judged.folders, strict=True))
    first = _anchored(learnt_clips(store, key, anchors).select(CLIPS.names), folder_of, judged.learnt)
    learnt = set(rows_of(first, *_NIGHT))
    joined, held, beside = dict[str, tuple[str, ...]](), set[MachineNight](), set[MachineNight]()
    for row, (machine, folder) in enumerate(folder_of.items()):
        nights = [n for n in np.flatnonzero(judged.found.joins[row]) if (*machine, judged.dates[n]) not in learnt]
        joined[folder] = tuple(judged.dates[night] for night in thinned(nights, rules.most_nights))
        held |= {(*machine, judged.dates[night]) for night in np.flatnonzero(judged.found.waits[row])}
        if joined[folder]:
            beside |= {(*machine, judged.dates[night]) for night in np.flatnonzero(judged.found.compared[row])}
    new = {(*machine, date) for machine, folder in folder_of.items() for date in joined[folder]}
    own = judged.clips.filter(_is_of(judged.clips, new))
    chosen = pa.concat_tables([first, own])
    bank = labelled_bank(store, key, judged.clips, chosen)
    parts = {
        COMPARED: judged.clips.filter(_is_of(judged.clips, beside - new - learnt)),
        FAULT: _labelled_faults(store, key, folder_of),
        HELD_OUT: judged.clips.filter(_is_of(judged.clips, held - new - learnt)),
        BANK: bank.clips.select(CLIPS.names),
    }
    told = {clip_id: part for part, clips in parts.items() for clip_id in clips["clip_id"].to_pylist()}
    changed = _changed(folder_of, heads, joined, bank.joined, chosen, bank.clips)
    changed |= {machine for machine, folder in folder_of.items() if folder in again}
    every = pa.concat_tables(list(parts.values()))
    every = every.filter(pa.array([one in changed for one in rows_of(every, *_NIGHT[:2])], pa.bool_()))
    every = every.sort_by([(name, "ascending") for name in (*_NIGHT, "uri")])
    return GrownBanks(first_of_each(every, "clip_id"), told, joined, bank.joined)


def _anchored(clips: pa.Table, folders: Mapping[Machine, str], learnt: Mapping[str, Collection[str]]) -> pa.Table:
    """The clips of anchors without those that were learnt for a label: as long as it stands, they join again."""
    keep = []
    for kind, name, date in rows_of(clips, *_NIGHT):
        nights = learnt.get(folders.get((kind, name), ""), ())
        keep.append((kind, name) in folders and (date in nights or date == UNDATED or not nights or "" in nights))
    return clips.filter(pa.array(keep, pa.bool_()))


def _changed(
    folders: Mapping[Machine, str],
    heads: Heads,
    joined: Mapping[str, Sequence[str]],
    labelled: Collection[str],
    chosen: pa.Table,
    bank: pa.Table,
) -> set[Machine]:
    """The machines whose bank may be another one than their scorer learnt: other nights, or other labels."""
    is_labelled = pc.is_in(bank["clip_id"], pa.array(sorted(labelled), pa.string()))
    of_label = Counter(rows_of(bank.filter(is_labelled), *_NIGHT[:2]))
    # Clips that left for the label of a fault.
    out = chosen.filter(pc.invert(pc.is_in(chosen["clip_id"], bank["clip_id"].combine_chunks())))
    found = set(rows_of(out, *_NIGHT[:2]))
    for machine, folder in folders.items():
        head = heads[folder][1]
        before = (list(head.get("update", {}).get("nights", ())), head.get("labelled_normal", 0))
        if before != (list(joined[folder]), of_label[machine]):
            found.add(machine)
    return found & set(folders)


def _labelled_faults(store: Store, key: str, machines: Collection[Machine]) -> pa.Table:
    """Scored clips of any night that a person found a fault in, or of whose night a person did; rows of CLIPS."""
    labels = store.labels()
    labels = labels.filter(pc.equal(labels["answer"], "fault"))
    dates = set(labels["date"].to_pylist()) & store.scored_dates(key).keys()
    clips = store.scores(key, sorted(dates), [*CLIPS.names, "error_reason"]) if dates else None
    if clips is None:
        return CLIPS.empty_table()
    clips = clips.filter(pc.is_null(clips["error_reason"])).select(CLIPS.names)
    uris = set(labels["uri"].drop_null().to_pylist())
    nights = set(rows_of(labels.filter(pc.is_null(labels["uri"])), *_NIGHT))
    rows = rows_of(clips, "uri", *_NIGHT)
    keep = [tuple(night[:2]) in machines and (uri in uris or tuple(night) in nights) for uri, *night in rows]
    return clips.filter(pa.array(keep, pa.bool_()))


def _is_of(clips: pa.Table, nights: Collection[tuple[str, str, str]]) -> pa.Array:
    return pa.array([one in nights for one in rows_of(clips, *_NIGHT)], pa.bool_())
