"""Embedding the clips whose embeddings are not stored yet."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.build import embeddings_fingerprint, kind_of
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.pipeline.planning import SMALLEST_SHARD, SMALLEST_SHARD_OF_GPU, cut_shards, missing
from asd_core.pipeline.shards import Shard, ShardOutcome
from asd_core.store.store import INDEX, Store
from asd_core.store.tables import CLIPS


@dataclass
class Embedded:
    """The places of the embeddings of a manifest's clips.

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


def embed(
    store: Store,
    encoders: Mapping[str, EncoderConfig],
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
) -> Embedded:
    """Embed the clips whose embeddings are not stored yet.

    Args:
        store: where embeddings are kept.
        encoders: machine type → encoder, for each machine type of the clips: see `Recipe.encoders_of`.
        clips: the manifest, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: told (stage, done, total) as shards are committed.

    Raises:
        AsdError: shards are missing at the end, with how to go on.
    """
    start = time.monotonic()
    fingerprints = {kind: embeddings_fingerprint(config) for kind, config in encoders.items()}
    dates = pc.unique(clips["date"]).to_pylist()
    stored = {name: store.embedded(name, dates, keep_index=True) for name in set(fingerprints.values())}
    shards: list[Shard] = []
    parts = _by_fingerprint(clips, encoders, fingerprints)
    for fingerprint, (config, rows) in parts.items():
        if kind_of(config.kind).is_from_audio:
            on_gpu = engine.device != "cpu" and kind_of(config.kind).uses_device
            smallest = SMALLEST_SHARD_OF_GPU if on_gpu else SMALLEST_SHARD
            shards += cut_shards(missing(rows, stored[fingerprint]), config, fingerprint, engine.workers, smallest)
    transient: dict[str, tuple[str, str]] = {}
    store.begin_shards(shard.fingerprint for shard in shards)
    committed = _embed_shards(store, shards, engine, progress)
    for _, outcome in committed:
        transient |= outcome.transient
    for fingerprint in stored:
        new = _index([(shard, outcome) for shard, outcome in committed if shard.fingerprint == fingerprint])
        store.write_index(fingerprint, new)
        stored[fingerprint] = pa.concat_tables([stored[fingerprint], new])
    tables = [located(rows, stored[fingerprint]) for fingerprint, (_, rows) in parts.items()]
    empty = INDEX.empty_table().select([*CLIPS.names, "shard", "error_reason"])
    found = pa.concat_tables([empty, *tables], promote_options="permissive")
    reasons = Counter(found["error_reason"].drop_null().to_pylist())
    reasons += Counter(reason for reason, _ in transient.values())
    decoded = sum(len(shard.clips) for shard in shards)
    return Embedded(
        found.drop_columns("error_reason"), fingerprints, transient, reasons, decoded, time.monotonic() - start
    )


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


def located(clips: pa.Table, index: pa.Table) -> pa.Table:
    """The clips with their ``shard`` and ``error_reason`` in rows of INDEX; null where nothing is stored."""
    where = pc.index_in(clips["clip_id"], value_set=index["clip_id"].combine_chunks())
    for name in ("shard", "error_reason"):
        clips = clips.append_column(name, index[name].take(where))
    return clips
