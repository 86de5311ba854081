"""Embeddings from the store, as arrays of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.embedded_rows import embedded_rows
from asd_core.pipeline.engine import Engine, Progress
from asd_core.store.store import Store
from asd_core.store.tables import embedding_matrix
from asd_core.synthesis.decoding import several_segments
from asd_core.tuning.gather.from_audio import ClipOutcome


def embed_all(store: Store, encoder: EncoderConfig, clips: pa.Table, engine: Engine, progress: Progress) -> Embedded:
    """Embed the clips (rows of CLIPS) that one encoder has not embedded yet; returns where all embeddings are."""
    encoders = dict.fromkeys(pc.unique(clips["machine_type"]).to_pylist(), encoder)
    return embed(store, encoders, clips, engine, progress)


def stored_rows(
    store: Store, embedded: Embedded, clip_ids: Sequence[str]
) -> tuple[NDArray[np.float32], list[ClipOutcome]]:
    """Embeddings of clips in their order, (n, D) float32 with NaN where there is none, and each clip's outcome.

    Args:
        store: where shards are.
        embedded: `embed_all` of these clips and others.
        clip_ids: of the clips.
    """
    listed = embedded.clips["clip_id"].combine_chunks()
    clips = embedded.clips.take(pc.index_in(pa.array(clip_ids, pa.string()), value_set=listed))
    fingerprint = next(iter(embedded.fingerprints.values()), "")  # of the one encoder
    rows = embedded_rows(store, fingerprint, clips, embedded.transient, {})
    if len(rows) > len(clips):
        raise several_segments()
    columns = (rows["error_reason"], rows["error"], pc.is_null(clips["shard"]), rows["level_db"])
    cells = zip(*(column.to_pylist() for column in columns), strict=True)
    outcomes = [
        ClipOutcome(reason, message or "", is_transient, level) for reason, message, is_transient, level in cells
    ]
    is_usable = pc.is_null(rows["error_reason"])
    found = embedding_matrix(rows.filter(is_usable)) if pc.any(is_usable).as_py() else np.empty((0, 1), np.float32)
    array = np.full((len(rows), found.shape[1]), np.nan, np.float32)
    array[is_usable.to_numpy()] = found
    return array, outcomes
