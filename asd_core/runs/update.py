"""Letting banks grow by nights that were well, and publishing refits whose calibration holds."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import asdict
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.alarms.refit_checks import alikeness
from asd_core.alarms.well_nights import GrowthRules
from asd_core.detectors.imported_scores import ImportedScoresConfig
from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import Engine, Progress, no_progress, tracked
from asd_core.pipeline.machine_tasks import machine_tasks
from asd_core.pipeline.machine_updates import BANK, UpdateOutcome, UpdateTask, update_machines
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_history import publications
from asd_core.pipeline.scorer_versions import name_all_newest, newest_heads
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import embedding_counts
from asd_core.runs.grown_banks import GrownBanks, Heads, grown_banks, judged_nights
from asd_core.runs.learnt_nights import learnt_nights
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.store.store import Store
from asd_core.store.tables import rows_of


def update(
    store: Store,
    recipe: Recipe,
    engine: Engine,
    progress: Progress = no_progress,
    rules: GrowthRules = GrowthRules(),  # noqa: B008
) -> tuple[dict[str, Any], list[UpdateOutcome]]:
    """Refit every machine's scorer with the nights that may join, and publish each refit that passes its checks.

    Nothing is decoded that is embedded, and the archive need not be there. The same call again finds nothing new.

    Args:
        store: where scores, alarms, labels and scorers are.
        recipe: whose scorers; no ensemble.
        engine: where the work is done.
        progress: told (stage, done, total).
        rules: by which nights join.

    Returns:
        The run's record, and what became of each machine that had new nights.

    Raises:
        UsageError: a recipe whose scorers cannot grow.
        AsdError: no scorer, or no scored night.
    """
    _check(recipe)
    started, start, key = now(), time.monotonic(), recipe.key()
    heads = newest_heads(store, key)
    if not heads:
        raise AsdError(f"the store holds no scorers of {key}: run asd fit first")
    anchors = {one: head.get("update", {}).get("anchor", version) for one, (version, head) in heads.items()}
    judged = judged_nights(store, recipe, heads, anchors, engine, progress, rules)
    known = {folder: after for run in publications(store, key) for folder, (_, after) in run.changed.items()}
    # An update that was killed has published scorers that no record names.
    unnamed = {folder for folder, (version, _) in heads.items() if known.get(folder) != version}
    grown = grown_banks(store, recipe, heads, anchors, judged, rules, unnamed)
    embedded = embed(store, recipe.encoders_of(grown.clips), grown.clips, engine, progress)
    name_all_newest(store, key)
    versions = {folder: version for folder, (version, _) in heads.items()}
    alike = _alike(store, recipe, heads, engine, progress)
    tasks = [
        UpdateTask(
            task,
            {name: grown.parts[name] for name in task.clips["clip_id"].to_pylist()},
            {folder: anchors[folder] for folder in task.versions},
            {folder: grown.joined[folder] for folder in task.versions},
            frozenset(folder for folder in task.versions if _retreats(heads[folder][1], grown.joined[folder])),
            rules.quarantine,
            alike,
        )
        for task in machine_tasks(store, recipe, key, embedded, versions, "", engine.workers, grown.labelled)
    ]
    done = tracked(engine.map(update_machines, tasks), "refitting machines", len(tasks), progress)
    outcomes = sorted(chain.from_iterable(done), key=lambda one: (one.machine_type, one.machine_id))
    passed = {scorer_folder(key, o.machine_type, o.machine_id): o for o in outcomes if not o.refused}
    published = {folder: one.version for folder, one in passed.items() if one.is_new or folder in unnamed}
    learnt = _learnt(grown, key, published)
    apart = [f"{kind} {name}" for (kind, name), one in zip(judged.machines, judged.found.apart, strict=True) if one]
    record: dict[str, Any] = {
        "run_id": run_id_of("fit", learnt, key, sorted(published.items()), {}, "update"),
        "job": "fit",
        "key": key,
        "recipe": recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "dates": sorted(set(learnt["date"].to_pylist())),
        "counts": {
            **embedding_counts(grown.clips, embedded),
            "machines": len(heads),
            "fitted": len(outcomes),
            "new_scorers": sum(one.is_new for one in outcomes),
            "labelled_normal": len(grown.labelled),
            "refused": sum(bool(one.refused) for one in outcomes),
        },
        "scorers": published,
        "update": {
            "rules": asdict(rules),
            "joined_nights": {f"{o.machine_type} {o.machine_id}": o.nights for o in outcomes if o.is_new},
            "refused": {f"{o.machine_type} {o.machine_id}": o.refused for o in outcomes if o.refused},
            "apart": apart,
        },
        "notes": [],
        "seconds": {"embed": round(embedded.seconds, 3), "fit": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    if published:
        commit(store, record, learnt)
    return record, outcomes


def _retreats(head: Mapping[str, Any], joined: Collection[str]) -> bool:
    """True where nights leave a bank that had grown, and none joins it."""
    return set(joined) < set(head.get("update", {}).get("nights", ()))


def _learnt(grown: GrownBanks, key: str, published: Collection[str]) -> pa.Table:
    """The clips that published scorers learnt."""
    rows = rows_of(grown.clips, "clip_id", "machine_type", "machine_id")
    own = [grown.parts[clip] == BANK and scorer_folder(key, *machine) in published for clip, *machine in rows]
    return grown.clips.filter(pa.array(own, pa.bool_()))


def _check(recipe: Recipe) -> None:
    if recipe.ensemble is not None:
        raise UsageError(f"{recipe.name} is an ensemble: update its members, then run asd fit on it")
    if recipe.for_machine("").detector.kind == ImportedScoresConfig.kind:
        raise UsageError(f"{recipe.name} holds scores that were made elsewhere: there is no bank to update")


def _alike(store: Store, recipe: Recipe, heads: Heads, engine: Engine, progress: Progress) -> float:
    """How alike the flags of clips of a night are, by the learnt nights of all scorers and their thresholds."""
    versions = {folder: version for folder, (version, _) in heads.items()}
    rows = learnt_nights(store, recipe, versions, engine, progress)
    rows = rows.filter(pc.not_equal(pc.cast(rows["left_out"], pa.string()), "clip"))
    folders = pc.cast(rows["folder"], pa.string()).to_pylist()
    limits = np.array([heads[folder][1]["threshold"] for folder in folders])
    names: dict[tuple[str, str], int] = {}
    pairs = zip(folders, pc.cast(rows["night"], pa.string()).to_pylist(), strict=True)
    numbers = np.array([names.setdefault(pair, len(names)) for pair in pairs], np.int64)
    return alikeness(rows["anomaly_score"].to_numpy() > limits, numbers) if len(rows) else 0.0
