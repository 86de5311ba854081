"""The runs: embed, fit and score an archive or what is stored of it.

Every run is the same few steps: manifest, plan, shards, machines, counts, and one small record written last. A run that
broke anywhere is finished by the same call; a run that is complete does nothing again.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as library_version
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.embedding import Shard
from asd_core.encoders.build import IMPORTED, EncoderConfig, embeddings_fingerprint
from asd_core.engine import Engine
from asd_core.errors import AsdError
from asd_core.planning import cut_shards, machine_groups, missing
from asd_core.recipe import Recipe
from asd_core.scorer import newest_versions, scorer_folder
from asd_core.scoring import FitOutcome, MachineTask, ScoreOutcome, fit_machines, score_machines
from asd_core.store import INDEX, Store
from asd_core.tables import CLIPS

GROUP_ROWS = 1024  # rows of whole machines that one reducer task holds at most, or one machine that is larger

Progress = Callable[[str, int, int], None]
T = TypeVar("T")


def no_progress(stage: str, done: int, total: int) -> None:
    """Say nothing."""


@dataclass
class Embedded:
    """Where the embeddings of a manifest's clips are.

    Attributes:
        clips: CLIPS columns and ``shard``; null where a clip could not be read this time.
        fingerprints: machine type → fingerprint.
        transient: clip id → (reason, message) of those clips.
        errors_by_reason: of all the clips, transient ones too.
        decoded: how many clips were decoded for it, not found stored.
        seconds: spent on it.
    """

    clips: pa.Table
    fingerprints: dict[str, str]
    transient: dict[str, tuple[str, str]] = field(default_factory=dict)
    errors_by_reason: Counter[str] = field(default_factory=Counter)
    decoded: int = 0
    seconds: float = 0.0


def embed(store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress = no_progress) -> Embedded:
    """Embed the clips whose embeddings are not stored yet.

    Args:
        store: where embeddings are kept.
        recipe: whose encoders, by machine type, embed them.
        clips: the manifest, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: told (stage, done, total) as shards are committed.

    Raises:
        AsdError: shards are missing at the end, with how to go on.
    """
    start = time.monotonic()
    encoders = _encoders(recipe, clips)
    fingerprints = {kind: embeddings_fingerprint(config) for kind, config in encoders.items()}
    stored = {name: store.embedded(name, keep_index=True) for name in set(fingerprints.values())}
    shards: list[Shard] = []
    for fingerprint, (config, rows) in _by_fingerprint(clips, encoders, fingerprints).items():
        if config.kind != IMPORTED:
            shards += cut_shards(missing(rows, stored[fingerprint]), config, fingerprint, engine.workers)
    transient, errors = _embed_shards(store, shards, engine, progress)
    for fingerprint in stored:
        new = _index(store, [shard for shard in shards if shard.fingerprint == fingerprint], transient, errors)
        store.write_index(fingerprint, new)
        stored[fingerprint] = pa.concat_tables([stored[fingerprint], new])
    located = _located(clips, fingerprints, stored)
    reasons = Counter(located["error_reason"].drop_null().to_pylist())
    reasons += Counter(reason for reason, _ in transient.values())
    decoded = sum(len(shard.clips) for shard in shards)
    return Embedded(
        located.drop_columns("error_reason"), fingerprints, transient, reasons, decoded, time.monotonic() - start
    )


def stored_clips(store: Store, recipe: Recipe) -> pa.Table:
    """The manifest of all clips with embeddings of this recipe: what ARCHIVE left out stands for, rows of CLIPS."""
    if recipe.settings.get("machine"):
        kinds = {recipe.for_machine(kind).encoder for kind in ["", *recipe.settings["machine"]]}
        if len(kinds) > 1:
            raise AsdError("the recipe has several encoders, so stored clips are ambiguous: name the archive")
    fingerprint = embeddings_fingerprint(recipe.for_machine("").encoder)
    clips = store.embedded(fingerprint).select(CLIPS.names)
    if not len(clips):
        raise AsdError(
            f"the store holds no embeddings of recipe {recipe.name}: name an archive, or import embeddings first"
        )
    return clips


def fit(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress = no_progress
) -> tuple[dict[str, Any], list[FitOutcome]]:
    """Fit a scorer for every machine from its normal clips.

    Returns:
        The run's record, and what became of each machine.
    """
    started = _now()
    embedded = embed(store, recipe, clips, engine, progress)
    start = time.monotonic()
    key = recipe.key()
    tasks = _machine_tasks(store, recipe, key, embedded, {}, "", engine.workers)
    total = len(tasks)
    outcomes: list[FitOutcome] = []
    for done, outcome in enumerate(engine.map(fit_machines, tasks), 1):
        outcomes += outcome
        progress("fitting machines", done, total)
    outcomes.sort(key=lambda outcome: (outcome.machine_type, outcome.machine_id))
    versions = [(o.machine_type, o.machine_id, o.version) for o in outcomes]
    record = {
        "run_id": _run_id("fit", clips, key, versions, embedded.transient),
        "job": "fit",
        "key": key,
        "recipe": _recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "counts": {
            "listed": len(clips),
            "decoded": embedded.decoded,
            "embedded": len(clips) - sum(embedded.errors_by_reason.values()),
            "errors": sum(embedded.errors_by_reason.values()),
            "errors_by_reason": dict(sorted(embedded.errors_by_reason.items())),
            "machines": len(outcomes),
            "fitted": sum(outcome.version is not None for outcome in outcomes),
            "new_scorers": sum(outcome.is_new for outcome in outcomes),
        },
        "scorers": {scorer_folder(key, kind, name): version for kind, name, version in versions if version},
        "failed_machines": {f"{o.machine_type} {o.machine_id}": o.error for o in outcomes if o.error},
        "seconds": {"embed": round(embedded.seconds, 3), "fit": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    _commit(store, record, clips)
    return record, outcomes


def score(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
    *,
    job: str = "score",
    max_error_rate: float = 1.0,
) -> dict[str, Any]:
    """Score clips with each machine's newest scorer, and publish the rows once the counts agree.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: whose scorers.
        clips: the manifest, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: told (stage, done, total).
        job: ``score`` or ``nightly``, for the record.
        max_error_rate: above this share of errors nothing is published.

    Returns:
        The run's record; ``already_complete`` is true where an earlier run had done all of it.

    Raises:
        AsdError: too many errors, or counts that do not agree; nothing is published then.
    """
    started = _now()
    embedded = embed(store, recipe, clips, engine, progress)
    start = time.monotonic()
    key = recipe.key()
    versions = _versions(store, key, clips)
    run_id = _run_id(job, clips, key, sorted(versions.items()), embedded.transient)
    complete = store.run(run_id)
    if complete is not None:
        _refuse_too_many_errors(complete["counts"], max_error_rate, "an earlier run has published them all the same")
        seconds = {"embed": round(embedded.seconds, 3), "score": 0.0}
        counts = {**complete["counts"], "decoded": embedded.decoded}
        return {**complete, "counts": counts, "seconds": seconds, "already_complete": True}
    tasks = _machine_tasks(store, recipe, key, embedded, versions, run_id, engine.workers)
    outcomes = _tracked(engine.map(score_machines, tasks), "scoring machines", len(tasks), progress)
    counts, files = _reconciled(len(clips), outcomes)
    counts["embedded"] = len(clips) - sum(embedded.errors_by_reason.values())
    counts["decoded"] = embedded.decoded
    _refuse_too_many_errors(counts, max_error_rate, "nothing is published; mend them or allow more")
    record = {
        "run_id": run_id,
        "job": job,
        "key": key,
        "recipe": _recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "dates": sorted(pc.unique(clips["date"]).to_pylist()),
        "counts": counts,
        "scorers": versions,
        "score_files": dict(sorted(files.items())),
        "seconds": {"embed": round(embedded.seconds, 3), "score": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    _commit(store, record, clips)
    return {**record, "already_complete": False}


def embed_run(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress = no_progress
) -> dict[str, Any]:
    """Embed an archive and record it; the run behind ``asd embed``."""
    started = _now()
    embedded = embed(store, recipe, clips, engine, progress)
    errors = sum(embedded.errors_by_reason.values())
    record = {
        "run_id": _run_id("embed", clips, "", sorted(embedded.fingerprints.items()), embedded.transient),
        "job": "embed",
        "key": "",
        "recipe": _recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "counts": {
            "listed": len(clips),
            "decoded": embedded.decoded,
            "embedded": len(clips) - errors,
            "errors": errors,
            "errors_by_reason": dict(sorted(embedded.errors_by_reason.items())),
        },
        "seconds": {"embed": round(embedded.seconds, 3)},
        "started_at": started,
    }
    _commit(store, record, clips)
    return record


def _encoders(recipe: Recipe, clips: pa.Table) -> dict[str, EncoderConfig]:
    return {kind: recipe.for_machine(kind).encoder for kind in pc.unique(clips["machine_type"]).to_pylist()}


def _by_fingerprint(
    clips: pa.Table, encoders: Mapping[str, EncoderConfig], fingerprints: Mapping[str, str]
) -> dict[str, tuple[EncoderConfig, pa.Table]]:
    """Fingerprint → its encoder and the clips of all machine types that it embeds."""
    parts = {}
    for fingerprint in sorted(set(fingerprints.values())):
        kinds = [kind for kind, name in fingerprints.items() if name == fingerprint]
        rows = clips.filter(pc.is_in(clips["machine_type"], value_set=pa.array(kinds, pa.string())))
        parts[fingerprint] = (encoders[kinds[0]], rows)
    return parts


def _embed_shards(
    store: Store, shards: Sequence[Shard], engine: Engine, progress: Progress
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Embed shards; returns what could not be read this time, and clip id → reason of the lasting errors."""
    transient: dict[str, tuple[str, str]] = {}
    errors: dict[str, str] = {}
    waiting = {shard.name: len(shard.clips) for shard in shards}
    total = sum(waiting.values())
    done = 0
    if shards:
        progress("embedding clips", 0, total)
        for outcome in engine.embed(store.files.url, shards):
            done += waiting.pop(outcome.name, 0)
            transient |= outcome.transient
            errors |= outcome.errors
            progress("embedding clips", done, total)
    if waiting:
        raise AsdError(
            f"{len(waiting)} of {len(shards)} shards ({sum(waiting.values())} clips) were not embedded: "
            "run the same command again, which does only what is missing"
        )
    return transient, errors


def _index(
    store: Store, shards: Sequence[Shard], transient: Mapping[str, tuple[str, str]], errors: Mapping[str, str]
) -> pa.Table:
    """INDEX rows of newly committed shards."""
    tables = [INDEX.empty_table()]
    for shard in shards:
        ids = shard.clips["clip_id"].to_pylist()
        table = shard.clips.append_column("error_reason", pa.array([errors.get(i) for i in ids], pa.string()))
        table = table.append_column("shard", pa.array([shard.name] * len(ids), pa.string()))
        tables.append(table.filter(pa.array([i not in transient for i in ids])).cast(INDEX))
    return pa.concat_tables(tables)


def _located(clips: pa.Table, fingerprints: Mapping[str, str], stored: Mapping[str, pa.Table]) -> pa.Table:
    """The clips with the ``shard`` and ``error_reason`` that the index of their machine type's embeddings tells."""
    tables = []
    for fingerprint in sorted(set(fingerprints.values())):
        kinds = [kind for kind, name in fingerprints.items() if name == fingerprint]
        rows = clips.filter(pc.is_in(clips["machine_type"], value_set=pa.array(kinds, pa.string())))
        index = stored[fingerprint]
        where = pc.index_in(rows["clip_id"], value_set=index["clip_id"].combine_chunks())
        for name in ("shard", "error_reason"):
            rows = rows.append_column(name, index[name].take(where))
        tables.append(rows)
    empty = INDEX.empty_table().select([*CLIPS.names, "shard", "error_reason"])
    return pa.concat_tables([empty, *tables], promote_options="permissive")


def _machine_tasks(
    store: Store,
    recipe: Recipe,
    key: str,
    embedded: Embedded,
    versions: Mapping[str, str],
    run_id: str,
    workers: int,
) -> list[MachineTask]:
    rows = min(GROUP_ROWS, max(1, len(embedded.clips) // (4 * workers)))
    return [
        MachineTask(
            store.files.url,
            (recipe.name, recipe.settings),
            key,
            embedded.fingerprints,
            clips,
            {folder: versions[folder] for folder in _folders(key, clips) if folder in versions},
            _only(embedded.transient, clips),
            run_id,
            part,
        )
        for part, clips in enumerate(machine_groups(embedded.clips, rows))
    ]


def _only(transient: Mapping[str, tuple[str, str]], clips: pa.Table) -> dict[str, tuple[str, str]]:
    if not transient:
        return {}
    return {clip_id: transient[clip_id] for clip_id in clips["clip_id"].to_pylist() if clip_id in transient}


def _folders(key: str, clips: pa.Table) -> list[str]:
    machines = clips.group_by(["machine_type", "machine_id"]).aggregate([])
    pairs = zip(machines["machine_type"].to_pylist(), machines["machine_id"].to_pylist(), strict=True)
    return [scorer_folder(key, kind, name) for kind, name in pairs]


def _versions(store: Store, key: str, clips: pa.Table) -> dict[str, str]:
    newest = newest_versions(store, f"scorers/{key}")
    return {folder: newest[folder] for folder in _folders(key, clips) if folder in newest}


def _reconciled(listed: int, outcomes: Iterable[ScoreOutcome]) -> tuple[dict[str, Any], dict[str, str]]:
    """Add up what the reducers did, and refuse to go on unless every listed clip is a score or an error."""
    scored = flagged = warnings = 0
    reasons: Counter[str] = Counter()
    files: dict[str, str] = {}
    for outcome in outcomes:
        scored += outcome.scored
        flagged += outcome.flagged
        warnings += outcome.warnings
        reasons += Counter(outcome.errors_by_reason)
        files |= outcome.files
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
    return counts, files


def _refuse_too_many_errors(counts: Mapping[str, Any], max_error_rate: float, consequence: str) -> None:
    if counts["errors"] > max_error_rate * counts["listed"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in counts["errors_by_reason"].items())
        raise AsdError(
            f"{counts['errors']} of {counts['listed']} clips are errors ({reasons}), more than "
            f"--max-error-rate {max_error_rate:g}: {consequence}"
        )


def _tracked(items: Iterable[T], stage: str, total: int, progress: Progress) -> Iterator[T]:
    for done, item in enumerate(items, 1):
        yield item
        progress(stage, done, total)


def _commit(store: Store, record: dict[str, Any], clips: pa.Table) -> None:
    """Complete a record and publish it, unless the same run was published before."""
    if store.run(record["run_id"]) is None:
        record["clips"] = store.write_clips(record["run_id"], clips)
        record["libraries"] = {name: library_version(name) for name in ("asd-fleet", "numpy", "pyarrow")}
        record["committed_at"] = _now()
        store.commit_run(record)


def _run_id(job: str, clips: pa.Table, key: str, scorers: object, transient: Mapping[str, object]) -> str:
    """Hash of all that decides what a run gives; clips that could not be read count, so that a later try can help."""
    digest = hashlib.blake2b(digest_size=12)
    digest.update(json.dumps([job, key, scorers, sorted(transient)]).encode())
    ordered = clips.sort_by("clip_id")
    for name in CLIPS.names:
        if name not in ("uri", "size", "recorded_at", "extra"):  # a clip id covers the first two
            digest.update(json.dumps(ordered[name].to_pylist()).encode())
    return f"{job}-{digest.hexdigest()}"


def _recipe_record(recipe: Recipe) -> dict[str, Any]:
    return {"name": recipe.name, "settings": recipe.settings}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")  # the newest run is told by it
