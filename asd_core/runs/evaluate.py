"""Scoring labelled clips and measuring how well scores and labels agree."""

from __future__ import annotations

from typing import Any, Literal

import pyarrow as pa

from asd_core.errors import AsdError
from asd_core.evaluation.evaluate import Evaluation, evaluate
from asd_core.evaluation.heard_clips import hearings, labelled, with_hearings
from asd_core.evaluation.labelled_clips import as_training
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.pipeline.stored_scorers import training_uris
from asd_core.recipe.recipe import Recipe
from asd_core.runs.evaluated_nights import with_nights
from asd_core.runs.score import score
from asd_core.store.store import Store

Protocol = Literal["auto", "dcase2020", "dcase2021", "dcase2022"]


class NothingScoredError(AsdError):
    """Not one clip could be scored.

    Args:
        message: one line for people.
        record: of the scoring run.
    """

    def __init__(self, message: str, record: dict[str, Any]) -> None:
        super().__init__(message)
        self.record = record


def score_and_evaluate(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
    *,
    protocol: Protocol = "auto",
) -> tuple[Evaluation, pa.Table]:
    """Score what is not scored yet, and evaluate all clips of known condition that no scorer was fitted on.

    See `scored_for_evaluation` for clips whose conditions are not known.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: whose scorers.
        clips: the manifest, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: called with (stage, done, total).
        protocol: whose official score.

    Returns:
        AUC, pAUC, F1, the official score and figures of dated nights, and the rows of SCORES that they rest on; those
        that a scorer was fitted on are of split ``train``.

    Raises:
        NothingScoredError: not one clip could be scored.
    """
    scores = scored_for_evaluation(store, recipe, clips, engine, progress)
    return with_nights(evaluated(store, scores, protocol), store, recipe, scores, engine, progress), scores


def evaluated(store: Store, scores: pa.Table, protocol: Protocol = "auto") -> Evaluation:
    """Evaluate rows of SCORES of a store, with a note on each of its generators that heard some of them.

    Raises:
        UsageError: no row is a scored test clip of known condition.
        AsdError: which clips a generator heard cannot be read.
    """
    return with_hearings(evaluate(scores, protocol), hearings(store.files, labelled(scores)))


def scored_for_evaluation(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress = no_progress
) -> pa.Table:
    """The rows of SCORES of clips, scored where they are not yet; those that a scorer was fitted on are of ``train``.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: whose scorers.
        clips: the manifest, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: called with (stage, done, total).

    Raises:
        NothingScoredError: not one clip could be scored.
    """
    record = score(store, recipe, clips, engine, progress, job="evaluate")
    counts = record["counts"]
    if not counts["scored"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts["errors_by_reason"].items())
        line = f"none of {counts['listed']} clips could be scored ({reasons}): run asd fit first"
        raise NothingScoredError(line, record)
    return as_training(store.read_scores(record), training_uris(store, record["scorers"]))
