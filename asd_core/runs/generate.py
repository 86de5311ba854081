"""Making clips from captions with a generator and keeping them in the store, as an archive and a page."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.pages.synthesis.page import ListeningReport, write_listening_page
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.readable import machine_name
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record
from asd_core.store.store import Store
from asd_core.store.tables import rows_of
from asd_core.synthesis.generation.archive import TABLE, Parts, folder_of
from asd_core.synthesis.generation.generating import make_archive
from asd_core.synthesis.generation.names import tells_machine
from asd_core.synthesis.generation.plan import plan_clips, plan_digest
from asd_core.synthesis.generation.shard import Source


def generate_clips(
    store: Store,
    recipe: Recipe,
    name: str,
    wanted: pa.Table,
    source: Source,
    engine: Engine,
    made_from: Mapping[str, Any],
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Make the wanted clips, write their page, and record the run.

    A run that broke goes on from its last shard. One that is complete is not repeated.

    Args:
        store: where everything is kept.
        recipe: its ``[generator]``.
        name: of the archive.
        wanted: rows of WANTED.
        source: opens the generator.
        engine: that makes the clips.
        made_from: further fields of the record, on the generator; its ``notes`` are the run's, too.
        progress: told (stage, done, total).

    Returns:
        The record, with ``already_complete``.

    Raises:
        AsdError: nothing is wanted, or not one clip can be used.
    """
    started, start, config = now(), time.monotonic(), recipe.for_machine("").generator
    planned = plan_clips(wanted, config)
    parts = Parts(name, plan_digest(planned, config, {"digest": source.digest}))
    run_id = f"synthesize-{content_hash(f'{name}/{parts.digest}'.encode())[:24]}"
    stored = store.run(run_id)
    rows = make_archive(store, parts, planned, config, source, engine, progress)
    folder = folder_of(name, parts.digest)
    if stored is not None and store.files.exists(stored["page"]):
        return stored | {"already_complete": True}
    record = {
        "run_id": run_id,
        "job": "synthesize",
        "key": "",
        "recipe": recipe_record(recipe),
        "name": name,
        "digest": parts.digest,
        "folder": folder,
        "validation": folder if _is_told_by_names(rows) else f"{folder}/{TABLE}",
        **made_from,
        "counts": _counts(rows),
        "notes": _notes(rows, source, made_from.get("notes", ())),
        "started_at": started,
    }
    report = ListeningReport(name, parts.digest, folder, rows, record["notes"], _facts(record, config))
    record["page"] = write_listening_page(report, store.files, partial(engine.map))
    record["seconds"] = {**made_from.get("seconds", {}), "generate": round(time.monotonic() - start, 3)}
    commit(store, record)
    return record | {"already_complete": False}


def _counts(rows: pa.Table) -> dict[str, Any]:
    reasons = Counter(rows["error_reason"].drop_null().to_pylist())
    good = Counter(condition for condition, reason in rows_of(rows, "condition", "error_reason") if reason is None)
    return {
        "planned": len(rows),
        "made": good.total(),
        "normal": good["normal"],
        "anomalous": good["anomalous"],
        "machines": len(set(rows_of(rows, "machine_type", "machine_id"))),
        "errors": reasons.total(),
        "errors_by_reason": dict(sorted(reasons.items())),
    }


def _is_told_by_names(rows: pa.Table) -> bool:
    """Tell if the names of all files tell machine, domain and condition."""
    columns = ("path", "machine_type", "machine_id", "domain", "condition")
    return all(tells_machine(*told) for told in rows_of(rows, *columns))


def _notes(rows: pa.Table, source: Source, notes: Sequence[str]) -> list[str]:
    lines = [*([source.note] if source.note else []), *notes]
    columns = ("machine_type", "machine_id", "condition", "error_reason")
    kinds, good = set[tuple[str, ...]](), set[tuple[str, ...]]()
    for *kind, reason in rows_of(rows, *columns):
        kinds.add(tuple(kind))
        if reason is None:
            good.add(tuple(kind))
    for machine_type, machine_id, condition in sorted(kinds - good):
        lines.append(f"{machine_name(machine_type, machine_id)} has no {condition} clip that can be used")
    if not _is_told_by_names(rows):
        lines.append(f"file names of the DCASE layout do not tell all these machines: {TABLE}, a manifest, tells them")
    return list(dict.fromkeys(lines))


def _facts(record: Mapping[str, Any], config: GeneratorConfig) -> list[tuple[str, str]]:
    settings = asdict(config)
    asked = ("clips", "domains", "seconds", "ddim_steps", "guidance", "candidates", "seed")
    counts, made_by = record["counts"], record["generator"]
    return [
        ("Clips", f"{counts['made']:,} of {counts['planned']:,}"),
        ("Normal", f"{counts['normal']:,}"),
        ("Anomalous", f"{counts['anomalous']:,}"),
        ("Archive", record["folder"]),
        ("Generator", " ".join(str(made_by[word]) for word in ("name", "digest") if word in made_by)),
        ("Fine-tuned from", str(made_by.get("started_from", ""))),
        *((f"generator.{name}", str(settings[name])) for name in asked),
        ("Recipe", record["recipe"]["name"]),
        ("Run", record["run_id"]),
        ("Begun at", record["started_at"]),
    ]
