"""Ids and records of runs, by which a later run finds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from asd_core.libraries import library_version
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS


def commit(store: Store, record: dict[str, Any], clips: pa.Table | None = None) -> None:
    """Complete a record and publish it with its manifest, unless the same run was published before."""
    if store.run(record["run_id"]) is None:
        if clips is not None:
            record["clips"] = store.write_clips(record["run_id"], clips)
        record["libraries"] = {name: library_version(name) for name in ("asd-fleet", "numpy", "pyarrow")}
        record["committed_at"] = _after_all(store, record["key"]) if record.get("key") else now()
        store.commit_run(record)


def _after_all(store: Store, key: str) -> str:
    """Now, or a microsecond after the newest record of a key: one committed by a fast clock must not win for ever."""
    present, newest = now(), max((entry.committed_at for entry in store.entries(key=key)), default="")
    if newest < present:
        return present
    return (datetime.fromisoformat(newest) + timedelta(microseconds=1)).isoformat(timespec="microseconds")


def run_id_of(
    job: str, clips: pa.Table, key: str, scorers: object, transient: Mapping[str, object], *judged: object
) -> str:
    """Hash of all that decides what a run gives; clips that could not be read count, so that a later try can help.

    Args:
        job: ``fit``, ``score``, ...
        clips: the manifest.
        key: of the recipe.
        scorers: of the machines; JSON values.
        transient: clips that could not be read.
        judged: how scores are judged, where the key does not tell; JSON values.
    """
    digest = hashlib.blake2b(digest_size=12)
    digest.update(json.dumps([job, key, scorers, sorted(transient), *judged], sort_keys=True).encode())
    ordered = clips.sort_by("clip_id")
    for name in CLIPS.names:
        if name not in ("uri", "size", "recorded_at", "extra"):  # a clip id covers the first two
            digest.update(json.dumps(ordered[name].to_pylist()).encode())
    return f"{job}-{digest.hexdigest()}"


def recipe_record(recipe: Recipe) -> dict[str, Any]:
    """The part of a record that describes a recipe."""
    return {"name": recipe.name, "settings": recipe.settings}


def now() -> str:
    """The time, to the microsecond: the newest run is told by it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
