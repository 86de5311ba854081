"""Spaces that pseudo-labels are found in: for each machine, clips and an embedding of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.pipeline.embed_missing import Embedded
from asd_core.pipeline.embedded_rows import Shards, embedded_rows
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, embedding_matrix, first_of_each


@dataclass(frozen=True)
class Placed:
    """Clips of one machine in a space.

    Attributes:
        clips: (N) rows of CLIPS.
        embeddings: (N, D) float32, finite.
        left_out: rows of CLIPS of clips without an embedding, and ``error_reason``.
    """

    clips: pa.Table
    embeddings: NDArray[np.float32]
    left_out: pa.Table


class Space(Protocol):
    """A space for the clips of each machine."""

    def of_machine(self, clips: pa.Table) -> Placed:
        """The clips of one machine, rows of CLIPS, in this space."""


@dataclass
class EmbeddedSpace:
    """Embeddings of a store, as they are: not normalised, no transform.

    Attributes:
        store: where they are.
        embedded: their places.
    """

    store: Store
    embedded: Embedded
    _shards: Shards = field(default_factory=dict)

    def of_machine(self, clips: pa.Table) -> Placed:
        """See `Space.of_machine`; a recording with an embedding for each segment is placed at their mean."""
        found = self.embedded.clips
        own = found.filter(pc.is_in(found["clip_id"], value_set=clips["clip_id"].combine_chunks()))
        fingerprint = self.embedded.fingerprints[clips["machine_type"][0].as_py()]
        rows = embedded_rows(self.store, fingerprint, own, self.embedded.transient, self._shards)
        is_good = pc.is_null(rows["error_reason"])
        good = rows.filter(is_good)
        left_out = first_of_each(rows.filter(pc.invert(is_good)), "clip_id")
        left_out = left_out.filter(pc.invert(pc.is_in(left_out["clip_id"], value_set=good["clip_id"].combine_chunks())))
        recordings = first_of_each(good, "clip_id").select(CLIPS.names)
        return Placed(recordings, _recording_means(good), left_out.select([*CLIPS.names, "error_reason"]))


def _recording_means(rows: pa.Table) -> NDArray[np.float32]:
    """The mean embedding of each recording, in the order of their first rows, (N, D)."""
    if not len(rows):
        return np.empty((0, 1), np.float32)
    embeddings = embedding_matrix(rows)
    if rows["segment"].null_count == len(rows):
        return embeddings
    numbers = np.asarray(rows["clip_id"].combine_chunks().dictionary_encode().indices)
    sums = np.zeros((numbers.max() + 1, embeddings.shape[1]))
    np.add.at(sums, numbers, embeddings)
    return np.asarray(sums / np.bincount(numbers)[:, None], np.float32)
