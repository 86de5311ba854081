"""Making an ensemble's scorers from those of its members, and recording it as a fit."""

from __future__ import annotations

import time
from itertools import chain
from typing import Any

import pyarrow as pa

from asd_core.pipeline.engine import Engine, Progress, no_progress, tracked
from asd_core.pipeline.ensembles.combine_tasks import combine_machines, combine_tasks
from asd_core.pipeline.machine_tasks import FitOutcome
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import name_all_newest
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS


def combine(
    store: Store,
    recipe: Recipe,
    engine: Engine,
    progress: Progress = no_progress,
    clips: pa.Table | None = None,
    counts: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], list[FitOutcome]]:
    """Combine the newest scorers of an ensemble's members, machine by machine; no recording is read.

    Args:
        store: where scorers are and go.
        recipe: of the ensemble.
        engine: where the work is done.
        progress: called with (stage, done, total).
        clips: that the members were fitted on just now, rows of CLIPS; None where they were fitted before.
        counts: of that fit, for the record.

    Returns:
        The run's record, and what became of each machine: one that a member has no scorer of has none.

    Raises:
        AsdError: the members share no machine.
    """
    started, start, key = now(), time.monotonic(), recipe.key()
    tasks = combine_tasks(store, recipe)
    name_all_newest(store, key)
    done = tracked(engine.map(combine_machines, tasks), "combining machines", len(tasks), progress)
    outcomes = sorted(chain.from_iterable(done), key=lambda outcome: (outcome.machine_type, outcome.machine_id))
    versions = [(o.machine_type, o.machine_id, o.version) for o in outcomes]
    listed = CLIPS.empty_table() if clips is None else clips
    record = {
        "run_id": run_id_of("fit", listed, key, versions, {}),
        "job": "fit",
        "key": key,
        "recipe": recipe_record(recipe),
        "fingerprints": {},
        "dates": _dates_of_members(store, recipe),
        "counts": {
            "listed": len(listed),
            "errors": 0,
            "errors_by_reason": {},
            **(counts or {}),
            "machines": len(outcomes),
            "fitted": sum(outcome.version is not None for outcome in outcomes),
            "new_scorers": sum(outcome.is_new for outcome in outcomes),
        },
        "scorers": {scorer_folder(key, kind, name): version for kind, name, version in versions if version},
        "notes": [],
        "failed_machines": {f"{o.machine_type} {o.machine_id}": o.error for o in outcomes if o.error},
        "seconds": {"combine": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    commit(store, record, clips)
    return record, outcomes


def _dates_of_members(store: Store, recipe: Recipe) -> list[str]:
    """Dates of the clips that the members were fitted on, in any of their fits: a machine's may be an earlier one."""
    dates: set[str] = set()
    for member in recipe.members.values():
        for entry in store.entries(("fit",), member.key()):
            dates |= store.dates_of(entry)
    return sorted(dates)
