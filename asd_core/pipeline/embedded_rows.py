"""Clips and their embeddings, read from the shards of a store, machine by machine."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.pipeline.planning import machine_edges
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, EMBEDDINGS

Shards = dict[tuple[str, str], pa.Table]
"""(fingerprint, shard) → its rows."""

KEPT_BYTES = 64 << 20  # of shards that a reducer keeps open for the machines to come
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
    stored = pa.concat_tables([EMBEDDINGS.empty_table(), *(_shard(store, fingerprint, name, shards) for name in names)])
    where = pc.index_in(clips["clip_id"], value_set=stored["clip_id"].combine_chunks())
    unread = [
        transient.get(clip_id, _NOT_EMBEDDED) if row is None else (None, None)
        for clip_id, row in zip(clips["clip_id"].to_pylist(), where.to_pylist(), strict=True)
    ]
    columns = {name: (clips[name] if name in CLIPS.names else stored[name].take(where)) for name in EMBEDDINGS.names}
    for position, name in enumerate(("error_reason", "error")):
        said = pa.array([entry[position] for entry in unread], pa.string())
        columns[name] = pc.coalesce(columns[name], said)
    return pa.table(columns)


def _shard(store: Store, fingerprint: str, shard: str, cache: Shards) -> pa.Table:
    # Small machines are packed into one shard a night, so that consecutive ones share as many as there are nights.
    if (fingerprint, shard) not in cache:
        while cache and sum(table.nbytes for table in cache.values()) > KEPT_BYTES:
            cache.pop(next(iter(cache)))
        cache[fingerprint, shard] = store.read_shard(fingerprint, shard)
    return cache[fingerprint, shard]


def machines_of(clips: pa.Table) -> list[tuple[str, str, pa.Table]]:
    """The machines of a table that is sorted by machine: type, id and rows."""
    kinds, names, edges = clips["machine_type"], clips["machine_id"], machine_edges(clips)
    return [
        (kinds[start].as_py(), names[start].as_py(), clips.slice(start, stop - start))
        for start, stop in pairwise(edges)
    ]
