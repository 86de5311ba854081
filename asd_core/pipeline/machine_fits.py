"""Fitting the scorers of a group of machines from the embeddings of their normal clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.occasions import occasions
from asd_core.errors import AsdError
from asd_core.pipeline.embedded_rows import clip_numbers, machines_of
from asd_core.pipeline.fitted_nights import keep_nights
from asd_core.pipeline.groups_left_out import GroupsLeftOut, occasions_left_out
from asd_core.pipeline.lengths import lengths_of
from asd_core.pipeline.machine_tasks import FitOutcome, MachineTask
from asd_core.pipeline.reducer import MachineGroup
from asd_core.pipeline.scorer import Scorer, fit_scorer
from asd_core.pipeline.scorer_files import save_scorer, scorer_folder
from asd_core.pipeline.threads import one_thread
from asd_core.store.tables import embedding_matrix, first_of_each


def fit_machines(task: MachineTask) -> list[FitOutcome]:
    """Fit and commit a scorer for every machine of a group; a machine that cannot be fitted stops no other."""
    group = MachineGroup(task)
    with one_thread():
        return [_fit_machine(group, *machine) for machine in machines_of(task.clips)]


def _fit_machine(group: MachineGroup, machine_type: str, machine_id: str, clips: pa.Table) -> FitOutcome:
    good = group.rows(machine_type, clips)
    good = good.filter(pc.is_null(good["error_reason"]))
    recipe = group.recipe.for_machine(machine_type)
    recordings = clip_numbers(good) if recipe.encoder.is_segmented else None
    normal_clips = len(good) if recordings is None else len(np.unique(recordings))
    seconds = first_of_each(good, "clip_id")["seconds"].to_pylist()
    lengths = lengths_of(seconds, recipe.encoder)
    try:
        if not len(good):
            raise AsdError(f"none of {len(clips)} normal clips can be used")
        embeddings = embedding_matrix(good)
        distinct = len(np.unique(embeddings, axis=0))
        if distinct == 1 < len(good):
            raise AsdError(
                f"all {len(good)} normal clips of {machine_type} {machine_id} have the same embedding, so how much its "
                "sound varies is not known: record others, or look for copies of one file"
            )
        taken = occasions(good["date"].to_pylist(), good["recorded_at"].to_pylist())
        scorer = scorer_of_rows(group, machine_type, machine_id, good, occasions_left_out(taken))
    except (AsdError, ValueError, ArithmeticError) as error:  # the latter two from within a library
        return FitOutcome(machine_type, machine_id, normal_clips, error=str(error), lengths=lengths)
    labelled = group.task.labelled.intersection(good["clip_id"].to_pylist())
    version, is_new = save_scorer(group.store, group.task.key, scorer, len(labelled))
    keep_nights(group.store, scorer_folder(group.task.key, machine_type, machine_id), version, scorer, good, labelled)
    copies = (f"only {distinct} different embeddings: are there copies of files?",) if distinct < len(good) else ()
    return FitOutcome(
        machine_type,
        machine_id,
        normal_clips,
        version,
        is_new,
        scorer.threshold,
        scorer.false_alarm_rate,
        (*copies, *scorer.notes),
        lengths=lengths,
        left_out=scorer.left_out,
        labelled_normal=len(labelled),
    )


def scorer_of_rows(
    group: MachineGroup,
    machine_type: str,
    machine_id: str,
    rows: pa.Table,
    groups: GroupsLeftOut | None,
    lenders: Sequence[str] = (),
) -> Scorer:
    """Fit a scorer to rows of EMBEDDINGS without errors; see `fit_scorer` and `Scorer.lenders`."""
    recipe = group.recipe.for_machine(machine_type)
    scorer = fit_scorer(
        machine_type,
        machine_id,
        recipe,
        group.task.fingerprints[machine_type],
        embedding_matrix(rows),
        np.array(rows["domain"].to_pylist(), np.str_),
        rows["uri"].to_pylist(),
        rows["level_db"].to_pylist(),
        clip_numbers(rows) if recipe.encoder.is_segmented else None,
        rows["segment_start"].to_pylist(),
        first_of_each(rows, "clip_id")["seconds"].to_pylist(),
        rows["clip_id"].to_pylist(),
        groups,
    )
    return replace(scorer, lenders=tuple(lenders))
