"""The reducer: the clips of whole machines in, scorers or committed score rows out.

A task holds one group of machines (`planning.machine_groups`), so that many run side by side and memory is bounded by
the largest machine, never by the fleet.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.clips.clip import UNPLACED
from asd_core.digest import content_hash
from asd_core.pipeline.embedded_rows import Shards, clip_numbers, embedded_rows, machines_of
from asd_core.pipeline.lengths import Lengths, added, lengths_of
from asd_core.pipeline.machine_tasks import MachineTask, ScoreOutcome
from asd_core.pipeline.scorer import Scorer
from asd_core.pipeline.scorer_files import judgement_of, load_scorer, scorer_folder
from asd_core.pipeline.threads import one_thread
from asd_core.pipeline.type_scorers import borrowed_name, can_borrow, scorer_place, type_folder
from asd_core.recipe.recipe import Recipe
from asd_core.store.layout import score_part_path
from asd_core.store.store import open_store
from asd_core.store.tables import SCORES, embedding_matrix, first_of_each, to_parquet

NEAREST = 5  # normal clips that a score row names: enough to see the spread that a difference must exceed


class MachineGroup:
    """The things that all machines of a task share.

    Attributes:
        task: the machines to fit or to score.
        store: where everything lies.
        recipe: of all machine types.
        judged_anew: scorer folder → the judgement of a scorer that was fitted with another threshold.
        lengths: of the recordings scored, machine by machine.
        scorers: scorer folder → scorer and version, of machines whose scorer is loaded already.
        too_few_normals: machine → why none of its clips can be decided on.
    """

    def __init__(self, task: MachineTask) -> None:
        self.task, self.store, self.recipe = task, open_store(task.store_url), Recipe(*task.recipe)
        self.scorers: dict[str, tuple[Scorer, str]] = {}
        self._shards: Shards = {}
        self.judged_anew: dict[str, dict[str, Any]] = {}
        self.lengths: list[Lengths] = []
        self.too_few_normals: dict[str, str] = {}

    def rows(self, machine_type: str, clips: pa.Table) -> pa.Table:
        """The clips of one machine with their embeddings or errors."""
        fingerprint = self.task.fingerprints[machine_type]
        return embedded_rows(self.store, fingerprint, clips, self.task.transient, self._shards)

    def scorer(self, machine_type: str, machine_id: str) -> tuple[Scorer, str] | None:
        """A machine's scorer, or that of its type, and its name in rows; None where there is neither."""
        folder = scorer_folder(self.task.key, machine_type, machine_id)
        versions, lent = self.task.versions, type_folder(self.task.key, machine_type)
        recipe, fingerprint = self.recipe.for_machine(machine_type), self.task.fingerprints[machine_type]
        if folder in self.scorers:
            return self.scorers[folder]
        if folder in versions:
            return load_scorer(self.store, folder, versions[folder], recipe, fingerprint), versions[folder]
        if lent not in versions or not can_borrow(machine_type, machine_id):
            return None
        if lent not in self.scorers:
            scorer = load_scorer(self.store, lent, versions[lent], recipe, fingerprint)
            self.scorers[lent] = scorer, borrowed_name(versions[lent])
        return self.scorers[lent]


def score_machines(task: MachineTask) -> ScoreOutcome:
    """Score every machine of a group and commit the rows: one file a date."""
    group = MachineGroup(task)
    with one_thread():
        rows = pa.concat_tables([score_machine(group, *machine) for machine in machines_of(task.clips)])
    return committed_rows(group, rows)


def committed_rows(group: MachineGroup, rows: pa.Table) -> ScoreOutcome:
    """Commit the score rows of a group's machines, one file a date, and count them."""
    task, files = group.task, {}
    for date in pc.unique(rows["date"]).to_pylist():
        data = to_parquet(rows.filter(pc.equal(rows["date"], date)))
        checksum = content_hash(data)
        path = score_part_path(task.key, date, task.run_id, task.part, checksum[:8])
        group.store.files.write(path, data)
        files[path] = checksum
    reasons = rows["error_reason"].drop_null().value_counts().to_pylist()
    return ScoreOutcome(
        scored=len(rows) - rows["anomaly_score"].null_count,
        flagged=pc.sum(rows["is_flagged"]).as_py() or 0,
        warnings=len(rows) - rows["warning"].null_count,
        errors_by_reason={entry["values"]: entry["counts"] for entry in reasons},
        files=files,
        judged_anew=group.judged_anew,
        lengths=added(group.lengths),
        too_few_normals=group.too_few_normals,
    )


def score_machine(group: MachineGroup, machine_type: str, machine_id: str, clips: pa.Table) -> pa.Table:
    """Rows of SCORES of the clips of one machine, CLIPS columns and ``shard``."""
    rows = group.rows(machine_type, clips)
    recipe, found = group.recipe.for_machine(machine_type), group.scorer(machine_type, machine_id)
    scored: dict[str, Any] = {}
    if found is not None:
        scorer, version = found
        rows, scored = (_scored_recordings if recipe.encoder.is_segmented else _scored_columns)(rows, scorer, version)
        if scorer.is_judged_anew:
            folder, _ = scorer_place(group.task.key, machine_type, machine_id, version)
            group.judged_anew[folder] = judgement_of(scorer)
        if few := scorer.too_few_normals:
            group.too_few_normals[f"{machine_type} {machine_id}"] = few
        group.lengths.append(lengths_of(rows["seconds"].to_pylist(), recipe.encoder, scorer.seconds_learnt))
    elif recipe.encoder.is_segmented:
        rows = first_of_each(rows, "clip_id")
    columns: dict[str, Any] = {name: rows[name] for name in rows.column_names if name in SCORES.names}
    columns |= {name: pa.nulls(len(rows), SCORES.field(name).type) for name in SCORES.names if name not in columns}
    if found is None:
        reason, message = without_scorer(machine_type, machine_id)
        columns["error_reason"] = pc.coalesce(rows["error_reason"], pa.scalar(reason))
        columns["error"] = pc.coalesce(rows["error"], pa.scalar(message))
    columns |= scored
    return pa.table({name: columns[name] for name in SCORES.names}).cast(SCORES)


def without_scorer(machine_type: str, machine_id: str) -> tuple[str, str]:
    """Reason and message of the clips of a machine that has no scorer."""
    if UNPLACED in (machine_type, machine_id):
        return "unplaced", "its name and folders do not tell the machine: rename it, or describe them with --pattern"
    return "no_scorer", f"no scorer for {machine_type} {machine_id}: fit one from its normal clips with asd fit"


def _scored_columns(rows: pa.Table, scorer: Scorer, version: str) -> tuple[pa.Table, dict[str, Any]]:
    """The rows of whole clips as they are, and their columns of SCORES."""
    is_good = rows["error_reason"].is_null().to_numpy()
    good = rows.filter(pa.array(is_good))
    if not len(good):
        return rows, {}
    embeddings = embedding_matrix(good)
    scores, p_values = scorer.score(embeddings)
    uris, distances = scorer.nearest(embeddings, NEAREST)
    values = {
        "anomaly_score": scores.tolist(),
        "decision_threshold": [scorer.threshold] * len(good),
        "is_flagged": (scores > scorer.threshold).tolist(),
        "level_deviation_db": _level_deviations(good["level_db"].to_pylist(), scorer.median_level_db),
        "p_value": p_values.tolist(),
        "nearest_uris": uris,
        "nearest_distances": distances.tolist(),
        "scorer_version": [version] * len(good),
        "p_floor": [scorer.p_floor] * len(good),
    }
    return rows, _placed(values, is_good)


def _scored_recordings(rows: pa.Table, scorer: Scorer, version: str) -> tuple[pa.Table, dict[str, Any]]:
    """One row for each clip, that of its worst segment where it has one, and their columns of SCORES."""
    good = rows.filter(pc.is_null(rows["error_reason"]))
    if not len(good):
        return first_of_each(rows, "clip_id"), {}
    found = scorer.score_recordings(embedding_matrix(good), clip_numbers(good))
    worst = good.take([one.worst for one in found])
    uris, starts, distances = scorer.nearest_segments(embedding_matrix(worst), NEAREST)
    values = {
        "anomaly_score": [one.score for one in found],
        "decision_threshold": [one.threshold for one in found],
        "is_flagged": [one.score > one.threshold for one in found],
        "level_deviation_db": _level_deviations(worst["level_db"].to_pylist(), scorer.median_level_db),
        "p_value": [one.p_value for one in found],
        "nearest_uris": uris,
        "nearest_starts": starts,
        "nearest_distances": distances,
        "scorer_version": [version] * len(found),
        "p_floor": [scorer.p_floor] * len(found),
        "segments": [one.segments for one in found],
    }
    clips = first_of_each(rows, "clip_id")
    is_good = clips["error_reason"].is_null().to_numpy()
    chosen = pa.concat_tables([worst, clips.filter(pa.array(~is_good))])
    clips = chosen.take(pc.index_in(clips["clip_id"], value_set=chosen["clip_id"].combine_chunks()))
    return clips, _placed(values, is_good)


def _placed(values: dict[str, Any], is_good: NDArray[np.bool_]) -> dict[str, Any]:
    """Columns of the good rows among all rows, null for the others."""
    places = pa.array(np.cumsum(is_good) - 1, mask=~is_good)  # of each row among the good ones
    return {name: pa.array(column, SCORES.field(name).type).take(places) for name, column in values.items()}


def _level_deviations(levels_db: list[float | None], median: float | None) -> list[float | None]:
    return [None if level is None or median is None else abs(level - median) for level in levels_db]
