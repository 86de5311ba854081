"""Clips and their embeddings, read from the shards of a store, machine by machine."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, EMBEDDINGS

Shards = dict[tuple[str, str], pa.Table]
"""(fingerprint, shard) → its rows."""

KEPT_BYTES = 64 << 20  # of shards that a reducer keeps open for the machines to come
_OUTCOME = ("seconds", "level_db", "error_reason", "error", "warning")
_NOT_EMBEDDED = ("not_embedded", "no embedding is stored: run asd embed, or import it")


def embedded_rows(
    store: Store, fingerprint: str, clips: pa.Table, transient: Mapping[str, tuple[str, str]], shards: Shards
) -> pa.Table:
    """Clips with what became of them: rows of EMBEDDINGS, in their order.

    Args:
        store: where shards are.
        fingerprint: of the embeddings.
        clips: CLIPS columns and ``shard``, null where there is no embedding.
        transient: clip id → (reason, message) of clips that could not be read this time.
        shards: shards that were read before; a few are kept for the next call.

    Raises:
        AsdError: a shard is gone or broken.
    """
    names = pc.unique(clips["shard"].drop_null()).to_pylist()
    table = clips.select(CLIPS.names)
    if names:
        stored = pa.concat_tables([_shard(store, fingerprint, name, shards) for name in names])
        where = pc.index_in(clips["clip_id"], value_set=stored["clip_id"].combine_chunks())
        outcomes = stored.select([*_OUTCOME, "embedding"]).take(where)
    else:
        where = pa.nulls(len(clips), pa.int32())
        outcomes = pa.table(
            {name: pa.nulls(len(clips), EMBEDDINGS.field(name).type) for name in [*_OUTCOME, "embedding"]}
        )
    unread = [
        transient.get(clip_id, _NOT_EMBEDDED) if row is None else (None, None)
        for clip_id, row in zip(clips["clip_id"].to_pylist(), where.to_pylist(), strict=True)
    ]
    for name in outcomes.column_names:
        table = table.append_column(name, outcomes[name])
    for position, name in enumerate(("error_reason", "error")):
        said = pa.array([entry[position] for entry in unread], pa.string())
        table = table.set_column(table.schema.get_field_index(name), name, pc.coalesce(table[name], said))
    return table


def _shard(store: Store, fingerprint: str, shard: str, cache: Shards) -> pa.Table:
    # Small machines are packed into one shard a night, so that consecutive ones share as many as there are nights.
    if (fingerprint, shard) not in cache:
        while cache and sum(table.nbytes for table in cache.values()) > KEPT_BYTES:
            cache.pop(next(iter(cache)))
        cache[fingerprint, shard] = store.read_shard(fingerprint, shard)
    return cache[fingerprint, shard]


def machines_of(clips: pa.Table) -> list[tuple[str, str, pa.Table]]:
    """The machines of a table that is sorted by machine: type, id and rows."""
    machines: list[tuple[str, str, pa.Table]] = []
    keys = list(zip(clips["machine_type"].to_pylist(), clips["machine_id"].to_pylist(), strict=True))
    start = 0
    for stop in range(1, len(keys) + 1):
        if stop == len(keys) or keys[stop] != keys[start]:
            machines.append((*keys[start], clips.slice(start, stop - start)))
            start = stop
    return machines
