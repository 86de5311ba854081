"""Scoring clips and publishing the rows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Engine, Progress, no_progress, tracked
from asd_core.pipeline.ensembles.combine_tasks import fitted_since
from asd_core.pipeline.ensembles.combined_rows import score_ensembles
from asd_core.pipeline.ensembles.member_tasks import embed_members, with_members
from asd_core.pipeline.lengths import Lengths, added
from asd_core.pipeline.machine_tasks import ScoreOutcome, machine_tasks, scorer_versions
from asd_core.pipeline.reducer import score_machines
from asd_core.pipeline.stored_keys import recipe_of
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.store.layout import record_path
from asd_core.store.run_records import SCORING
from asd_core.store.store import Store


def _ignore(outcome: ScoreOutcome) -> None:
    """Do nothing with it."""


def score(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
    *,
    job: str = "score",
    max_error_rate: float = 1.0,
    on_scored: Callable[[ScoreOutcome], None] = _ignore,
) -> dict[str, Any]:
    """Score clips with each machine's newest scorer, and publish the rows once the counts agree.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: whose scorers.
        clips: the manifest, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: called with (stage, done, total).
        job: ``score`` or ``nightly``, for the record.
        max_error_rate: above this share of errors nothing is published.
        on_scored: called with each group of machines as soon as it is scored, before anything is published.

    Returns:
        The run's record; ``already_complete`` is true where an earlier run had done all of it.

    Raises:
        AsdError: too many errors, or counts that do not agree; nothing is published then.
    """
    started = now()
    members: dict[str, Embedded] = {}
    if recipe.ensemble is None:
        embedded = embed(store, recipe.encoders_of(clips), clips, engine, progress)
    else:
        embedded, members = embed_members(store, recipe, clips, engine, progress)
    start = time.monotonic()
    key = recipe.key()
    versions = scorer_versions(store, key, clips)
    run_id = _run_id(store, recipe, job, clips, versions, embedded.transient)
    complete = store.run(run_id)
    if complete is not None:
        _refuse_too_many_errors(complete["counts"], max_error_rate, "an earlier run has published them all the same")
        store.publish_nights(key, run_id, progress)
        seconds = {"embed": round(embedded.seconds, 3), "score": 0.0}
        counts = {**complete["counts"], "decoded": embedded.decoded}
        return {**complete, "counts": counts, "seconds": seconds, "already_complete": True}
    tasks = machine_tasks(store, recipe, key, embedded, versions, run_id, engine.workers)
    if recipe.ensemble is None:
        scored = engine.map(score_machines, tasks)
    else:
        scored = engine.map(score_ensembles, with_members(tasks, recipe, members))
    outcomes = tracked(scored, "scoring machines", len(tasks), progress)
    counts, files, machines, notes = _reconciled(len(clips), outcomes, on_scored)
    counts["embedded"] = len(clips) - sum(embedded.errors_by_reason.values())
    counts["decoded"] = embedded.decoded
    _refuse_too_many_errors(counts, max_error_rate, "nothing is published; mend them or allow more")
    record = {
        "run_id": run_id,
        "job": job,
        "key": key,
        "recipe": recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "dates": sorted(pc.unique(clips["date"]).to_pylist()),
        "counts": counts,
        "scorers": versions,
        "score_files": dict(sorted(files.items())),
        **machines,
        "notes": [*notes, *fitted_since(store, recipe)] if recipe.ensemble is not None else notes,
        "seconds": {"embed": round(embedded.seconds, 3), "score": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    commit(store, record, clips)
    store.publish_nights(key, run_id, progress)
    return {**record, "already_complete": False}


def _run_id(
    store: Store,
    recipe: Recipe,
    job: str,
    clips: pa.Table,
    versions: Mapping[str, str],
    transient: Mapping[str, object],
) -> str:
    """The id of a scoring run; another one where clips were judged by other thresholds since, or it would not count."""
    facts = (job, clips, recipe.key(), sorted(versions.items()), transient)
    judged = [] if recipe.key_tells_judgement() else [recipe.judgement()]
    run_id = run_id_of(*facts, *judged)
    if not store.files.exists(record_path(run_id)):
        return run_id
    since = _judged_otherwise_since(store, recipe, run_id, set(pc.unique(clips["date"]).to_pylist()))
    return run_id if since is None else run_id_of(*facts, *judged, since)


def _judged_otherwise_since(store: Store, recipe: Recipe, run_id: str, dates: set[str]) -> str | None:
    """The last run that scored clips of these dates after a run, by other thresholds than the recipe's; its run id."""
    entries = store.entries(SCORING, recipe.key(), dates)
    ids = [entry.run_id for entry in entries]
    later = entries[ids.index(run_id) + 1 :] if run_id in ids else []
    for entry in reversed(later):
        other = recipe_of(store.record(entry))
        if other is not None and other.judgement() != recipe.judgement():
            return entry.run_id
    return None


def _reconciled(
    listed: int, outcomes: Iterable[ScoreOutcome], on_scored: Callable[[ScoreOutcome], None]
) -> tuple[dict[str, Any], dict[str, str], dict[str, Any], list[str]]:
    """Add up what the reducers did, and refuse to go on unless every listed clip is a score or an error."""
    scored = flagged = warnings = 0
    reasons: Counter[str] = Counter()
    files: dict[str, str] = {}
    judged_anew: dict[str, Any] = {}
    too_few_normals: dict[str, str] = {}
    lengths: list[Lengths] = []
    for outcome in outcomes:
        on_scored(outcome)
        scored += outcome.scored
        flagged += outcome.flagged
        warnings += outcome.warnings
        reasons += Counter(outcome.errors_by_reason)
        files |= outcome.files
        judged_anew |= outcome.judged_anew
        too_few_normals |= outcome.too_few_normals
        lengths.append(outcome.lengths)
    errors = sum(reasons.values())
    if scored + errors != listed:
        raise AsdError(
            f"listed {listed} clips, but {scored} scored + {errors} errors: nothing is published; run it again"
        )
    counts = {
        "listed": listed,
        "scored": scored,
        "errors": errors,
        "errors_by_reason": dict(sorted(reasons.items())),
        "flagged": flagged,
        "warnings": warnings,
    }
    told = {"judged_anew": dict(sorted(judged_anew.items()))}
    if too_few_normals:
        told["too_few_normals"] = dict(sorted(too_few_normals.items()))
    return counts, files, told, added(lengths).notes()


def _refuse_too_many_errors(counts: Mapping[str, Any], max_error_rate: float, consequence: str) -> None:
    if counts["errors"] > max_error_rate * counts["listed"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts["errors_by_reason"].items())
        unfitted = "; no_scorer: learn these machines with asd fit" * ("no_scorer" in counts["errors_by_reason"])
        raise AsdError(
            f"{counts['errors']} of {counts['listed']} clips are errors ({reasons}), more than "
            f"--max-error-rate {max_error_rate:g}: {consequence}{unfitted}"
        )
