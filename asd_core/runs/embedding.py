"""Embedding what is not embedded yet."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.embedding import Shard, ShardOutcome
from asd_core.encoders.build import IMPORTED, EncoderConfig, embeddings_fingerprint
from asd_core.engine import Engine
from asd_core.errors import AsdError
from asd_core.planning import cut_shards, missing
from asd_core.recipe import Recipe
from asd_core.runs.records import Progress, commit, no_progress, now, recipe_record, run_id_of
from asd_core.store import INDEX, Store
from asd_core.tables import CLIPS, from_parquet


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
    transient: dict[str, tuple[str, str]] = {}
    committed = _embed_shards(store, shards, engine, progress)
    for _, outcome in committed:
        transient |= outcome.transient
    for fingerprint in stored:
        new = _index([(shard, outcome) for shard, outcome in committed if shard.fingerprint == fingerprint])
        store.write_index(fingerprint, new)
        stored[fingerprint] = pa.concat_tables([stored[fingerprint], new])
    located = _located(clips, fingerprints, stored)
    reasons = Counter(located["error_reason"].drop_null().to_pylist())
    reasons += Counter(reason for reason, _ in transient.values())
    decoded = sum(len(shard.clips) for shard in shards)
    return Embedded(
        located.drop_columns("error_reason"), fingerprints, transient, reasons, decoded, time.monotonic() - start
    )


def embed_run(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress = no_progress
) -> dict[str, Any]:
    """Embed an archive and record it; the run behind ``asd embed``."""
    started = now()
    embedded = embed(store, recipe, clips, engine, progress)
    errors = sum(embedded.errors_by_reason.values())
    record = {
        "run_id": run_id_of("embed", clips, "", sorted(embedded.fingerprints.items()), embedded.transient),
        "job": "embed",
        "key": "",
        "recipe": recipe_record(recipe),
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
    commit(store, record, clips)
    return record


def stored_clips(store: Store, recipe: Recipe) -> pa.Table:
    """The manifest of all recordings with embeddings of this recipe: what ARCHIVE left out stands for, rows of CLIPS.

    A recording whose bytes or time changed is stored once a version; the one that the newest run lists is taken.

    Raises:
        AsdError: there are none, or it is not known which version of a recording is the newest.
    """
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
    return _newest_versions(store, clips)


def _newest_versions(store: Store, clips: pa.Table) -> pa.Table:
    """One clip a uri, in their order."""
    counts = pc.value_counts(clips["uri"])
    several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    if not len(several):
        return clips
    is_several = pc.is_in(clips["uri"], value_set=several)
    newest = _newest_listed(store, clips.filter(is_several))
    if unknown := len(several) - len(newest):
        raise AsdError(
            f"{unknown} recordings are stored in several versions, and no run tells which is the newest: "
            "name the archive, or run asd embed on it first"
        )
    is_newest = pc.is_in(clips["clip_id"], value_set=pa.array(newest.values(), pa.string()))
    return clips.filter(pc.or_(pc.invert(is_several), is_newest))


def _newest_listed(store: Store, versions: pa.Table) -> dict[str, str]:
    """Uri → its clip id in the manifest of the newest run that lists one of these versions, and no other."""
    newest: dict[str, str] = {}
    ids, recordings = versions["clip_id"].combine_chunks(), pc.count_distinct(versions["uri"]).as_py()
    for record in reversed(store.runs()):
        if len(newest) == recordings:
            break
        if "clips" not in record or not store.files.exists(record["clips"]):
            continue
        listed = _listed_by(store, record["clips"])
        listed = listed.filter(pc.is_in(listed["clip_id"], value_set=ids))
        each = listed.group_by("uri").aggregate([("clip_id", "min"), ("clip_id", "max")])
        each = each.filter(pc.equal(each["clip_id_min"], each["clip_id_max"]))
        newest = dict(zip(each["uri"].to_pylist(), each["clip_id_min"].to_pylist(), strict=True)) | newest
    return newest


def _listed_by(store: Store, path: str) -> pa.Table:
    """Uri and clip id of a run's manifest."""
    try:
        return from_parquet(store.files.read(path), ["uri", "clip_id"])
    except pa.ArrowException as error:
        raise AsdError(f"{path} in the store is broken: restore it, or remove it and run asd embed again") from error


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
    store: Store, shards: list[Shard], engine: Engine, progress: Progress
) -> list[tuple[Shard, ShardOutcome]]:
    """Embed shards; returns those that were committed, which may be pieces of them."""
    waiting = {clip_id for shard in shards for clip_id in shard.clips["clip_id"].to_pylist()}
    total = len(waiting)
    committed = []
    if shards:
        progress("embedding clips", 0, total)
        for shard, outcome in engine.embed(store.files.url, shards):
            committed.append((shard, outcome))
            waiting.difference_update(shard.clips["clip_id"].to_pylist())
            progress("embedding clips", total - len(waiting), total)
    if waiting:
        raise AsdError(
            f"{len(waiting)} of {total} clips were not embedded: "
            "run the same command again, which does only what is missing"
        )
    return committed


def _index(committed: list[tuple[Shard, ShardOutcome]]) -> pa.Table:
    """INDEX rows of newly committed shards."""
    tables = [INDEX.empty_table()]
    for shard, outcome in committed:
        ids = shard.clips["clip_id"].to_pylist()
        reasons = pa.array([outcome.errors.get(clip_id) for clip_id in ids], pa.string())
        table = shard.clips.append_column("error_reason", reasons)
        table = table.append_column("shard", pa.array([shard.name] * len(ids), pa.string()))
        tables.append(table.filter(pa.array([clip_id not in outcome.transient for clip_id in ids])).cast(INDEX))
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
