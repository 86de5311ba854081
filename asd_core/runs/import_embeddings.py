"""Taking embeddings made elsewhere into the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.encoders.config import IMPORTED, EncoderConfig
from asd_core.errors import ClipError, UsageError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.embedding import commit_shard, shard_table
from asd_core.pipeline.planning import LARGEST_SHARD
from asd_core.pipeline.shards import Shard, shard_name
from asd_core.runs.embedding_files import read_embeddings
from asd_core.store.locks import lock_name, run_lock
from asd_core.store.store import INDEX, Store
from asd_core.store.tables import CLIPS, rows_of

_NOT_FINITE = ClipError("embedding_not_finite", "the imported embedding holds a value that is not finite")
_UNHEARD = DecodedClip(None)


Reader = Callable[[Path, str], tuple[pa.Table, NDArray[np.float32]]]


def import_embeddings(
    store: Store, name: str, paths: list[Path], waiting: Callable[[str], None] = lambda holder: None
) -> dict[str, Any]:
    """Import files of embeddings under one name; what is stored already is left as it is.

    Args:
        store: where they go.
        name: by which recipes with ``kind = "imported"`` find them (``--encoder NAME``).
        paths: ``.npz`` and ``.parquet`` files.
        waiting: told once who is waited for, where another import of that name is under way.

    Returns:
        Counts ``listed``, ``embedded``, ``errors``, ``errors_by_reason`` and ``decoded`` (rows that were new), with
        ``machines``, ``embedding_dim`` and ``fingerprint``.

    Raises:
        UsageError: a file that is not such a file, dimensions that differ, or a clip stored with another embedding.
    """
    with import_lock(store, name, waiting):
        return import_rows(store, name, paths, read_embeddings)


def import_lock(store: Store, name: str, waiting: Callable[[str], None]) -> AbstractContextManager[None]:
    """Be the only import of a name: each compares what it brings with what is stored, and adds to it."""
    return run_lock(store.files, lock_name("import", name), waiting=waiting, work=f"import {name}")


def import_rows(store: Store, name: str, paths: list[Path], read: Reader, holds: str = "embeddings") -> dict[str, Any]:
    """As `import_embeddings`, for the only import of that name.

    Args:
        store: where they go.
        name: that they are stored under.
        paths: files.
        read: of a file and the name its rows of CLIPS and their embeddings (N, D).
        holds: ``embeddings`` or ``scores``; kept with the name.
    """
    config = EncoderConfig(kind=IMPORTED, name=name)
    fingerprint = embeddings_fingerprint(config)
    described = store.encoder_names().get(name)
    if described is not None:
        _accept(name, described)
    dim = (described or {}).get("embedding_dim")
    stored = store.embedded(fingerprint, keep_index=True)
    clip_ids = dict(rows_of(stored, "uri", "clip_id"))
    indexes = [INDEX.empty_table()]
    listed = errors = 0
    machines: set[tuple[str, ...]] = set()
    for path in paths:
        rows, embeddings = read(path, name)
        if dim is not None and embeddings.shape[1] != dim:
            raise UsageError(
                f"{path} holds embeddings of {embeddings.shape[1]} dimensions, {name} of {dim}: "
                "take another --encoder name"
            )
        if dim is None:  # kept before any embedding is, so that a broken import cannot be followed by other ones
            dim = embeddings.shape[1]
            description = {"kind": IMPORTED, "fingerprint": fingerprint, "embedding_dim": dim, "holds": holds}
            store.name_encoder(name, description, partial(_accept, name))
        listed += len(rows)
        errors += int(np.sum(~np.isfinite(embeddings).all(axis=1)))
        machines.update(rows_of(rows, "machine_type", "machine_id"))
        indexes += _store_rows(store, config, fingerprint, path, rows, embeddings, clip_ids)
    index = pa.concat_tables(indexes)
    store.write_index(fingerprint, index)
    return {
        "listed": listed,
        "decoded": len(index),
        "embedded": listed - errors,
        "errors": errors,
        "errors_by_reason": {_NOT_FINITE.reason: errors} if errors else {},
        "machines": len(machines),
        "embedding_dim": dim,
        "fingerprint": fingerprint,
    }


def _accept(name: str, description: Mapping[str, Any]) -> None:
    if description.get("kind", IMPORTED) != IMPORTED:
        raise UsageError(
            f"{name} is a trained encoder of this store: take another --encoder name for imported embeddings"
        )


def _store_rows(
    store: Store,
    config: EncoderConfig,
    fingerprint: str,
    path: Path,
    rows: pa.Table,
    embeddings: NDArray[np.float32],
    stored: dict[str, str],
) -> list[pa.Table]:
    """Commit the rows that are not stored yet; INDEX rows of them, and their uri → clip id added to ``stored``."""
    named = dict(rows_of(rows, "uri", "clip_id"))
    if len(named) != len(rows):
        raise UsageError(f"{path} names the same clip twice; leave one of them out")
    for uri, identity in named.items():
        if stored.get(uri, identity) != identity:
            raise UsageError(
                f"{path}: {uri} is stored as {config.name} with another embedding: take another --encoder name"
            )
    positions = np.flatnonzero([uri not in stored for uri in named])
    stored |= named
    indexes = []
    if len(positions):
        store.begin_shards([fingerprint])
    for start in range(0, len(positions), 8 * LARGEST_SHARD):
        some = positions[start : start + 8 * LARGEST_SHARD]
        part = rows.take(some)
        shard = Shard(shard_name(part["clip_id"].to_pylist(), fingerprint), part, config, fingerprint)
        outcomes = [row if np.isfinite(row).all() else _NOT_FINITE for row in embeddings[some]]
        table, _ = shard_table(shard, [_UNHEARD] * len(part), outcomes, embeddings.shape[1])
        commit_shard(store, shard, table)
        index = table.select([*CLIPS.names, "error_reason"])
        indexes.append(index.append_column("shard", pa.array([shard.name] * len(part))).cast(INDEX))
    return indexes
