"""Fitting every machine's scorer."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import asdict, replace
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.detectors.imported_scores import ImportedScoresConfig
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import Engine, Progress, no_progress, tracked
from asd_core.pipeline.ensembles.member_tasks import clips_of_member
from asd_core.pipeline.lengths import added
from asd_core.pipeline.machine_fits import fit_machines
from asd_core.pipeline.machine_tasks import FitOutcome, machine_tasks
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import name_all_newest
from asd_core.pipeline.type_scorers import type_folder
from asd_core.recipe.recipe import Recipe
from asd_core.runs.combine import combine
from asd_core.runs.embed import embedding_counts
from asd_core.runs.lend import fit_types, new_machine, without_machines
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.store.store import Store

_OF_CLIPS = ("listed", "decoded", "embedded", "errors", "errors_by_reason")


def fit(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
    *,
    labelled: Collection[str] = (),
    lends: bool = True,
) -> tuple[dict[str, Any], list[FitOutcome]]:
    """Fit a scorer for every machine from its normal clips; of an ensemble fit its members, then combine them.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: of the scorers.
        clips: the normal clips, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: told (stage, done, total).
        labelled: ids of the clips that are there because a person labelled them normal; each scorer counts its own.
        lends: fit a scorer for each machine type with enough machines, too, which new machines of the type borrow.
            Members of ensembles lend nothing, nor do scores that were made elsewhere.

    Returns:
        The run's record, and what became of each machine; what became of types is in the record.
    """
    if recipe.ensemble is not None:
        return _fit_ensemble(store, recipe, clips, engine, progress, labelled)
    started = now()
    embedded = embed(store, recipe.encoders_of(clips), clips, engine, progress)
    start = time.monotonic()
    key = recipe.key()
    name_all_newest(store, key)
    types, nights = fit_types(store, recipe, embedded, engine, progress) if lends else ([], {})
    own_rows = replace(embedded, clips=without_machines(embedded.clips, nights))
    tasks = machine_tasks(store, recipe, key, own_rows, {}, "", engine.workers, labelled)
    fitted = tracked(engine.map(fit_machines, tasks), "fitting machines", len(tasks), progress)
    outcomes = [*chain.from_iterable(fitted), *(new_machine(*machine, known) for machine, known in nights.items())]
    outcomes.sort(key=lambda outcome: (outcome.machine_type, outcome.machine_id))
    versions = [(o.machine_type, o.machine_id, o.version) for o in outcomes]
    lent = {type_folder(key, one.machine_type): one.version for one in types if one.version}
    record: dict[str, Any] = {
        "run_id": run_id_of("fit", clips, key, versions, embedded.transient, *([sorted(lent.items())] if lent else [])),
        "job": "fit",
        "key": key,
        "recipe": recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "dates": sorted(pc.unique(clips["date"]).to_pylist()),
        "counts": {
            **embedding_counts(clips, embedded),
            "machines": len(outcomes),
            "fitted": sum(outcome.version is not None for outcome in outcomes),
            "new_scorers": sum(outcome.is_new for outcome in outcomes),
            "labelled_normal": len(labelled),
        },
        "scorers": {scorer_folder(key, kind, name): version for kind, name, version in versions if version} | lent,
        "notes": added(outcome.lengths for outcome in outcomes).notes(),
        "failed_machines": {f"{o.machine_type} {o.machine_id}": o.error for o in outcomes if o.error},
        "seconds": {"embed": round(embedded.seconds, 3), "fit": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    if types:
        record["types"] = [asdict(one) for one in types]
    commit(store, record, clips)
    return record, outcomes


def _fit_ensemble(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress, labelled: Collection[str]
) -> tuple[dict[str, Any], list[FitOutcome]]:
    """Fit every member on the clips that it knows; scores made elsewhere are judged as they were when imported."""
    counts: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    for name, member in recipe.members.items():
        if member.for_machine("").detector.kind != ImportedScoresConfig.kind:
            own = clips_of_member(store, member, clips)
            fitted, _ = fit(store, member, own, engine, progress, labelled=labelled, lends=False)
            counts = counts or {one: fitted["counts"][one] for one in _OF_CLIPS}
            seconds |= {f"{name} {stage}": value for stage, value in fitted["seconds"].items()}
    counts["labelled_normal"] = len(labelled)
    record, outcomes = combine(store, recipe, engine, progress, clips, counts)
    return {**record, "seconds": seconds | record["seconds"]}, outcomes
