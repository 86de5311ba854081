"""From clips to committed shards of embeddings.

A shard is a few dozen clips. `decode_shard` and `encode_shard` are pure; `commit_shard` writes the one file that both
end in. A process maps them over shards one after the other, a cluster many at once: one code path, two maps.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.encoders.build import embeddings_fingerprint, kind_of, new_encoder
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.protocol import Encoder, native_rates, weighted
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.ahead import ahead
from asd_core.pipeline.decoding import DecodedClip, decode_shard
from asd_core.pipeline.encoding import encode_shard
from asd_core.pipeline.shards import Shard, ShardOutcome
from asd_core.pipeline.threads import one_thread
from asd_core.store.addresses import open_files
from asd_core.store.layout import shard_path
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, EMBEDDINGS, embedding_column, to_parquet

_DECODED_AT_ONCE = 32  # clips of a shard whose waveforms are held, where an encoder decodes for itself


def shard_table(
    shard: Shard, decoded: list[DecodedClip], outcomes: list[NDArray[np.float32] | ClipError], embedding_dim: int
) -> tuple[pa.Table, dict[str, tuple[str, str]]]:
    """The rows of a shard's file, and the clips left out of it because a later run shall try them again.

    Segments that cannot be embedded are left out with a warning, where others of their clip can.
    """
    numbers, decoded, outcomes = _usable_rows(decoded, outcomes)
    clips = shard.clips.take(numbers) if len(numbers) > len(shard.clips) else shard.clips
    errors = [outcome if isinstance(outcome, ClipError) else None for outcome in outcomes]
    rows = np.zeros((len(outcomes), embedding_dim), np.float32)
    for row, outcome in zip(rows, outcomes, strict=True):
        if not isinstance(outcome, ClipError):
            row[:] = outcome
    columns = {
        **dict(zip(CLIPS.names, clips.columns, strict=True)),
        "seconds": [clip.seconds for clip in decoded],
        "level_db": [clip.level_db for clip in decoded],
        "error_reason": [error and error.reason for error in errors],
        "error": [error and error.message for error in errors],
        "warning": [clip.warning for clip in decoded],
        "embedding": embedding_column(rows, np.array([error is None for error in errors], bool)),
        "segment": [clip.segment for clip in decoded],
        "segment_start": [clip.segment_start for clip in decoded],
    }
    transient = {
        clip_id: (error.reason, error.message)
        for clip_id, error in zip(clips["clip_id"].to_pylist(), errors, strict=True)
        if error is not None and error.transient
    }
    lasting = [not (error and error.transient) for error in errors]
    return pa.table(columns, schema=EMBEDDINGS).filter(pa.array(lasting, pa.bool_())), transient


def _usable_rows(
    decoded: list[DecodedClip], outcomes: list[NDArray[np.float32] | ClipError]
) -> tuple[list[int], list[DecodedClip], list[NDArray[np.float32] | ClipError]]:
    """The number of its clip, the clip and the outcome of each row to keep: every good segment, or one error a clip."""
    numbers, clips, kept = [], [], []
    start = number = 0
    while start < len(decoded):
        stop = start + 1
        while decoded[stop - 1].goes_on:
            stop += 1
        last = decoded[stop - 1]
        if last.error is not None and last.error.transient:  # replaced while it was read: none of it counts
            numbers.append(number)
            clips.append(last)
            kept.append(outcomes[stop - 1])
            start, number = stop, number + 1
            continue
        good = [i for i in range(start, stop) if not isinstance(outcomes[i], ClipError)]
        warning = last.warning
        if good and len(good) < stop - start:
            lost = f"{stop - start - len(good)} of {stop - start} segments could not be embedded"
            warning = f"{warning}; {lost}" if warning else lost
        for i in good or [start]:
            numbers.append(number)
            clips.append(replace(decoded[i], seconds=last.seconds, warning=warning))
            kept.append(outcomes[i])
        start, number = stop, number + 1
    return numbers, clips, kept


def commit_shard(store: Store, shard: Shard, table: pa.Table) -> list[str]:
    """Write a shard's file, unless it is there already or there is nothing to keep.

    Returns:
        Ids of clips that are not in the file: another run wrote it first, and could not read them.
    """
    path = shard_path(shard.fingerprint, shard.name)
    if not len(table) or store.files.write_new(path, to_parquet(table)):
        return []
    written = set(store.read_shard(shard.fingerprint, shard.name, ["clip_id"])["clip_id"].to_pylist())
    return [clip_id for clip_id in pc.unique(table["clip_id"]).to_pylist() if clip_id not in written]


class ShardEmbedder:
    """Embeds and commits shards one at a time, keeping the encoder between them."""

    def __init__(self, store_url: str, device: str = "cpu") -> None:
        self._store = Store(open_files(store_url))
        self._device = device
        self._encoders: dict[EncoderConfig, Encoder] = {}

    def encoder(self, shard: Shard) -> Encoder:
        """The encoder of a shard, made at its first use, with its weights.

        Raises:
            AsdError: its weights on this machine are others than those that the shard was planned with.
        """
        config = shard.encoder
        if config not in self._encoders:
            encoder = new_encoder(config, self._device)
            if (own := weighted(encoder)) is not None:
                own.load()
                if embeddings_fingerprint(config) != shard.fingerprint:
                    raise AsdError(
                        f"the weights of the encoder ({config.options}) are not those that this run was planned with: "
                        "the file changed since, or is another on this machine"
                    )
            self._encoders[config] = encoder
        return self._encoders[config]

    def __call__(self, shard: Shard) -> ShardOutcome:
        """Decode, embed and commit a shard."""
        encoder = self.encoder(shard)  # first: torch, where it brings that, must be there for its threads to be limited
        stream = decode_shard(shard.clips, shard.encoder, encoder.sample_rate, native_rates=native_rates(encoder))
        # An encoder without a network takes clips one by one: one at a time stays in a core's cache.
        at_once = max(_DECODED_AT_ONCE, shard.encoder.batch_size) if kind_of(shard.encoder.kind).uses_device else 1
        parts = iter(lambda: list(islice(stream, at_once)), [])
        with one_thread():
            return self.commit(shard, parts if self._device == "cpu" else ahead(parts))

    def commit(self, shard: Shard, parts: Iterable[list[DecodedClip]], decode_seconds: float = 0.0) -> ShardOutcome:
        """Embed decoded clips, part by part, and commit them.

        Args:
            shard: of all the clips.
            parts: its clips in their order, perhaps decoded only as they are taken.
            decode_seconds: spent before.
        """
        encoder, encode_seconds = self.encoder(shard), 0.0
        told: list[DecodedClip] = []
        outcomes: list[NDArray[np.float32] | ClipError] = []
        start = time.perf_counter()
        for decoded in parts:
            before = time.perf_counter()
            outcomes += encode_shard(decoded, encoder, shard.encoder.batch_size)
            told += [replace(clip, waveforms=None) for clip in decoded]  # a large shard's are not all kept
            encode_seconds += time.perf_counter() - before
        decode_seconds += time.perf_counter() - start - encode_seconds
        table, transient = shard_table(shard, told, outcomes, encoder.embedding_dim)
        for left_out in commit_shard(self._store, shard, table):
            transient[left_out] = ("not_committed", "another run could not read it at the same time: run it again")
        failed = table.filter(pc.is_valid(table["error_reason"]))
        errors = dict(zip(failed["clip_id"].to_pylist(), failed["error_reason"].to_pylist(), strict=True))
        return ShardOutcome(shard.name, errors, transient, decode_seconds, encode_seconds)
