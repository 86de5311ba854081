"""Embeddings from the store, as arrays of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.encoders.build import EncoderConfig
from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Engine, Progress
from asd_core.store.store import Store
from asd_core.store.tables import embedding_matrix
from asd_core.tuning.gather.from_audio import ClipOutcome

_NOT_EMBEDDED = ("not_embedded", "no embedding is stored: run asd embed, or import it")


def embed_all(store: Store, encoder: EncoderConfig, clips: pa.Table, engine: Engine, progress: Progress) -> Embedded:
    """Embed the clips (rows of CLIPS) that one encoder has not embedded yet; returns where all embeddings are."""
    encoders = dict.fromkeys(pc.unique(clips["machine_type"]).to_pylist(), encoder)
    return embed(store, encoders, clips, engine, progress)


def stored_rows(
    store: Store, embedded: Embedded, clip_ids: Sequence[str]
) -> tuple[NDArray[np.float32], list[ClipOutcome]]:
    """Embeddings of clips in their order, (n, D) float32 with NaN where there is none, and each clip's outcome."""
    wanted = pa.array(clip_ids, pa.string())
    located = embedded.clips.filter(pc.is_in(embedded.clips["clip_id"], value_set=wanted))
    found: dict[str, NDArray[np.float32]] = {}
    outcomes = {clip_id: ClipOutcome(*error, transient=True) for clip_id, error in embedded.transient.items()}
    for machine_type in pc.unique(located["machine_type"]).to_pylist():
        rows = located.filter(pc.equal(located["machine_type"], machine_type))
        for shard in pc.unique(rows["shard"].drop_null()).to_pylist():
            table = store.read_shard(embedded.fingerprints[machine_type], shard)
            table = table.filter(pc.is_in(table["clip_id"], value_set=wanted))
            columns = (table[name].to_pylist() for name in ("clip_id", "error_reason", "error", "level_db"))
            for clip_id, reason, message, level_db in zip(*columns, strict=True):
                outcomes[clip_id] = ClipOutcome(reason, message or "", False, level_db)
            good = table.filter(pc.is_null(table["error_reason"]))
            found |= dict(zip(good["clip_id"].to_pylist(), embedding_matrix(good), strict=True))
    dim = len(next(iter(found.values()))) if found else 1
    missing = np.full(dim, np.nan, np.float32)
    array = np.stack([found.get(clip_id, missing) for clip_id in clip_ids])
    return array, [outcomes.get(clip_id, ClipOutcome(*_NOT_EMBEDDED, transient=True)) for clip_id in clip_ids]
