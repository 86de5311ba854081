"""Clips and their embeddings, read from the shards of a store, machine by machine."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.pipeline.planning import machine_edges
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, EMBEDDINGS, filled

Shards = dict[tuple[str, str], pa.Table]
"""(fingerprint, shard) → its rows."""

KEPT_BYTES = 64 << 20  # of shards that a reducer keeps open for the machines to come
_NOT_EMBEDDED = ("not_embedded", "no embedding is stored: run asd embed, or import it")


def embedded_rows(
    store: Store, fingerprint: str, clips: pa.Table, transient: Mapping[str, tuple[str, str]], shards: Shards
) -> pa.Table:
    """Clips with what became of them: rows of EMBEDDINGS, in their order, segments of a clip one after the other.

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
    clips, where = _with_places(clips, stored)
    unread = [
        transient.get(clip_id, _NOT_EMBEDDED) if row is None else (None, None)
        for clip_id, row in zip(clips["clip_id"].to_pylist(), where.to_pylist(), strict=True)
    ]
    columns = {name: (clips[name] if name in CLIPS.names else stored[name].take(where)) for name in EMBEDDINGS.names}
    for position, name in enumerate(("error_reason", "error")):
        said = pa.array([entry[position] for entry in unread], pa.string())
        columns[name] = pc.coalesce(columns[name], said)
    return pa.table(columns)


def _with_places(clips: pa.Table, stored: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The clips, repeated for each of their segments, and the place of each in the stored rows, null for none."""
    numbers = pc.index_in(stored["clip_id"], value_set=clips["clip_id"].combine_chunks())
    first = pc.index_in(clips["clip_id"], value_set=stored["clip_id"].combine_chunks())
    if stored["segment"].null_count == len(stored):
        return clips, first
    number = numbers.combine_chunks().fill_null(-1).to_numpy()
    segment = stored["segment"].combine_chunks().fill_null(0).to_numpy()
    place = np.lexsort((segment, number))
    # Two runs at once may both have stored a clip; each segment counts once.
    ordered = np.column_stack([number[place], segment[place]])
    is_new = np.ones(len(place), bool)
    is_new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = place[is_new & (ordered[:, 0] >= 0)]
    counts = np.bincount(number[place], minlength=len(clips))
    found = np.full(np.maximum(counts, 1).sum(), -1)
    repeated = np.repeat(np.arange(len(clips)), np.maximum(counts, 1))
    found[np.repeat(counts, np.maximum(counts, 1)) > 0] = place
    return clips.take(repeated), pa.array(found, mask=found < 0)


def _shard(store: Store, fingerprint: str, shard: str, cache: Shards) -> pa.Table:
    # Small machines are packed into one shard a night, so that consecutive ones share as many as there are nights.
    if (fingerprint, shard) not in cache:
        while cache and sum(table.nbytes for table in cache.values()) > KEPT_BYTES:
            cache.pop(next(iter(cache)))
        cache[fingerprint, shard] = filled(store.read_shard(fingerprint, shard), EMBEDDINGS)
    return cache[fingerprint, shard]


def machines_of(clips: pa.Table) -> list[tuple[str, str, pa.Table]]:
    """The machines of a table that is sorted by machine: type, id and rows."""
    kinds, names, edges = clips["machine_type"], clips["machine_id"], machine_edges(clips)
    return [
        (kinds[start].as_py(), names[start].as_py(), clips.slice(start, stop - start))
        for start, stop in pairwise(edges)
    ]


def clip_numbers(rows: pa.Table) -> NDArray[np.int64]:
    """The number of each row's clip, (N,) from 0, ascending: rows of one clip follow one another."""
    codes = rows["clip_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    return np.asarray(codes, np.int64)
