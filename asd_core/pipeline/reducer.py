"""The reducer: the clips of whole machines in, scorers or committed score rows out.

A task holds one group of machines (`planning.machine_groups`), so that many run side by side and memory is bounded by
the largest machine, never by the fleet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips import UNPLACED
from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.embedded_rows import Shards, embedded_rows, machines_of
from asd_core.pipeline.machine_tasks import FitOutcome, MachineTask, ScoreOutcome
from asd_core.pipeline.scorer import Scorer, fit_scorer
from asd_core.pipeline.scorer_files import load_scorer, save_scorer, scorer_folder
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import Recipe
from asd_core.store.layout import score_part_path
from asd_core.store.store import Store, open_store
from asd_core.store.tables import SCORES, embedding_matrix, to_parquet

NEAREST = 5  # normal clips that a score row names: enough to see the spread that a difference must exceed


def fit_machines(task: MachineTask) -> list[FitOutcome]:
    """Fit and commit a scorer for every machine of a group; a machine that cannot be fitted stops no other."""
    store, recipe = open_store(task.store_url), Recipe(*task.recipe)
    shards: Shards = {}
    with one_thread():
        return [_fit_machine(task, store, recipe, *machine, shards) for machine in machines_of(task.clips)]


def score_machines(task: MachineTask) -> ScoreOutcome:
    """Score every machine of a group and commit the rows: one file a date."""
    store, recipe = open_store(task.store_url), Recipe(*task.recipe)
    shards: Shards = {}
    with one_thread():
        rows = pa.concat_tables(
            [_score_machine(task, store, recipe, *machine, shards) for machine in machines_of(task.clips)]
        )
    files = {}
    for date in pc.unique(rows["date"]).to_pylist():
        data = to_parquet(rows.filter(pc.equal(rows["date"], date)))
        checksum = content_hash(data)
        path = score_part_path(task.key, date, task.run_id, task.part, checksum[:8])
        store.files.write(path, data)
        files[path] = checksum
    reasons = rows["error_reason"].drop_null().value_counts().to_pylist()
    return ScoreOutcome(
        scored=len(rows) - rows["anomaly_score"].null_count,
        flagged=pc.sum(rows["is_flagged"]).as_py() or 0,
        warnings=len(rows) - rows["warning"].null_count,
        errors_by_reason={entry["values"]: entry["counts"] for entry in reasons},
        files=files,
    )


def _fit_machine(
    task: MachineTask,
    store: Store,
    recipe: Recipe,
    machine_type: str,
    machine_id: str,
    clips: pa.Table,
    shards: Shards,
) -> FitOutcome:
    fingerprint = task.fingerprints[machine_type]
    good = embedded_rows(store, fingerprint, clips, task.transient, shards)
    good = good.filter(pc.is_null(good["error_reason"]))
    if not len(good):
        return FitOutcome(
            machine_type, machine_id, 0, None, False, None, None, (), f"none of {len(clips)} normal clips can be used"
        )
    embeddings = embedding_matrix(good)
    distinct = len(np.unique(embeddings, axis=0))
    try:
        if distinct == 1 < len(good):
            raise AsdError(
                f"all {len(good)} normal clips of {machine_type} {machine_id} have the same embedding, so how much its "
                "sound varies is not known: record others, or look for copies of one file"
            )
        scorer = fit_scorer(
            machine_type,
            machine_id,
            recipe.for_machine(machine_type),
            fingerprint,
            embeddings,
            np.array(good["domain"].to_pylist(), np.str_),
            good["uri"].to_pylist(),
            good["level_db"].to_pylist(),
        )
    except (AsdError, ValueError, ArithmeticError) as error:  # the latter two from within a library
        return FitOutcome(machine_type, machine_id, len(good), None, False, None, None, (), str(error))
    version, is_new = save_scorer(store, task.key, scorer)
    copies = (f"only {distinct} different embeddings: are there copies of files?",) if distinct < len(good) else ()
    return FitOutcome(
        machine_type,
        machine_id,
        len(good),
        version,
        is_new,
        scorer.threshold,
        scorer.false_alarm_rate,
        (*copies, *scorer.notes),
        None,
    )


def _score_machine(
    task: MachineTask,
    store: Store,
    recipe: Recipe,
    machine_type: str,
    machine_id: str,
    clips: pa.Table,
    shards: Shards,
) -> pa.Table:
    fingerprint = task.fingerprints[machine_type]
    rows = embedded_rows(store, fingerprint, clips, task.transient, shards)
    folder = scorer_folder(task.key, machine_type, machine_id)
    version = task.versions.get(folder)
    columns: dict[str, Any] = {name: rows[name] for name in rows.column_names if name != "embedding"}
    columns |= {name: pa.nulls(len(rows), SCORES.field(name).type) for name in SCORES.names if name not in columns}
    if version is None:
        reason, message = _without_scorer(machine_type, machine_id)
        columns["error_reason"] = pc.coalesce(rows["error_reason"], pa.scalar(reason))
        columns["error"] = pc.coalesce(rows["error"], pa.scalar(message))
    else:
        scorer = load_scorer(store, folder, version, recipe.for_machine(machine_type), fingerprint)
        columns |= _scored_columns(rows, scorer, version)
    return pa.table({name: columns[name] for name in SCORES.names}).cast(SCORES)


def _without_scorer(machine_type: str, machine_id: str) -> tuple[str, str]:
    if UNPLACED in (machine_type, machine_id):
        return "unplaced", "its name and folders do not tell the machine: rename it, or describe them with --pattern"
    return "no_scorer", f"no scorer for {machine_type} {machine_id}: fit one from its normal clips with asd fit"


def _scored_columns(rows: pa.Table, scorer: Scorer, version: str) -> dict[str, Any]:
    good = np.flatnonzero(rows["error_reason"].is_null().to_numpy())
    if not len(good):
        return {}
    embeddings = embedding_matrix(rows.take(good))
    scores, p_values = scorer.score(embeddings)
    uris, distances = scorer.nearest(embeddings, NEAREST)
    flagged = scores > scorer.threshold
    values = {
        "anomaly_score": scores.tolist(),
        "decision_threshold": [scorer.threshold] * len(good),
        "is_flagged": flagged.tolist(),
        "level_deviation_db": _level_deviations(rows["level_db"].take(good).to_pylist(), scorer.median_level_db),
        "p_value": p_values.tolist(),
        "nearest_uris": uris,
        "nearest_distances": distances.tolist(),
        "scorer_version": [version] * len(good),
    }
    columns: dict[str, Any] = {}
    for name, column in values.items():
        whole: list[Any] = [None] * len(rows)
        for position, value in zip(good.tolist(), column, strict=True):
            whole[position] = value
        columns[name] = pa.array(whole, SCORES.field(name).type)
    return columns


def _level_deviations(levels_db: list[float | None], median: float | None) -> list[float | None]:
    return [None if level is None or median is None else abs(level - median) for level in levels_db]
