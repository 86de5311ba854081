"""From decoded clips to embeddings: batches of waveforms, the next one made ready while a GPU computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.cut_windows import Windows
from asd_core.encoders.protocol import FULL_SCALE, Encoder, resampling, staging
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.ahead import ahead
from asd_core.pipeline.decoding import DecodedClip

Stack = NDArray[Any] | Windows
"""The windows (W, T) of one clip."""
Outcome = NDArray[np.float32] | ClipError


def encode_shard(decoded: list[DecodedClip], encoder: Encoder, batch_size: int) -> list[Outcome]:
    """Embed decoded clips or segments, windows averaged; an embedding (D,) or an error for each, in the same order.

    Waveforms of one rate and length go to the encoder together, never more than ``batch_size`` at once.
    """
    outcomes: list[Outcome] = [clip.error or ClipError("not_decoded", "no waveform") for clip in decoded]
    alike: dict[tuple[int | None, int, str], dict[int, Stack]] = {}
    for index, clip in enumerate(decoded):
        if clip.waveforms is not None:
            kind = clip.waveforms.dtype.str if staging(encoder) else ""
            alike.setdefault((clip.sample_rate, clip.waveforms.shape[1], kind), {})[index] = clip.waveforms
    for (sample_rate, _, _), stacks in alike.items():
        for index, outcome in _embed_alike(stacks, encoder, sample_rate, batch_size):
            outcomes[index] = outcome
    return outcomes


def _embed_alike(
    stacks: Mapping[int, Stack], encoder: Encoder, sample_rate: int | None, batch_size: int
) -> Iterator[tuple[int, Outcome]]:
    """Outcomes of clips, by their index, whose windows have one rate and length."""
    batches = list(_batches(stacks, batch_size))
    on_gpu = getattr(encoder, "device", "cpu") != "cpu"
    staged = (
        (number, _staged(part, encoder))
        for number, batch in enumerate(batches)
        for part in _parts([stacks[index] for index in batch], batch_size)
    )
    for number, parts in groupby(ahead(staged) if on_gpu else staged, key=itemgetter(0)):
        batch = batches[number]
        try:
            embedded = np.concatenate([_embed_staged(part, encoder, sample_rate) for _, part in parts])
        except ClipError as error:
            # One clip's fault must not be the batch's: one by one, those that can be embedded are.
            if len(batch) == 1:
                yield batch[0], error
            else:
                for index in batch:
                    yield from _embed_alike({index: stacks[index]}, encoder, sample_rate, batch_size)
            continue
        yield from zip(batch, _means(embedded, [stacks[index] for index in batch]), strict=True)


def _batches(stacks: Mapping[int, Stack], batch_size: int) -> Iterator[list[int]]:
    """Clips whose windows fit into one batch together, or a clip that needs several."""
    batch: list[int] = []
    size = 0
    for index, waveforms in stacks.items():
        if batch and size + len(waveforms) > batch_size:
            yield batch
            batch, size = [], 0
        batch.append(index)
        size += len(waveforms)
    if batch:
        yield batch


def _parts(stacks: Sequence[Stack], batch_size: int) -> Iterator[NDArray[Any]]:
    """The windows of a batch, at most ``batch_size`` at once, each part cut as it is taken."""
    if len(stacks) > 1:
        yield np.concatenate([stack[:] for stack in stacks])
        return
    for start in range(0, len(stacks[0]), batch_size):
        yield stacks[0][start : start + batch_size]


def _staged(waveforms: NDArray[Any], encoder: Encoder) -> Any:
    """Waveforms as the encoder takes them: made ready for its device, or as float32."""
    own = staging(encoder)
    return own.stage(waveforms) if own is not None else as_float(waveforms)


def as_float(waveforms: NDArray[Any]) -> NDArray[np.float32]:
    """Waveforms in [-1, 1]; 16-bit integers are divided by full scale, which is exact."""
    return np.asarray(waveforms / np.float32(FULL_SCALE) if waveforms.dtype == np.int16 else waveforms)


def _embed_staged(staged: Any, encoder: Encoder, sample_rate: int | None) -> NDArray[np.float32]:
    if (ready := staging(encoder)) is not None:
        return _checked_rows(ready.embed_staged(staged, sample_rate or encoder.sample_rate), staged, encoder)
    own = resampling(encoder)
    if own is None or sample_rate in (None, encoder.sample_rate):
        return _checked_rows(encoder.embed(staged), staged, encoder)
    return _checked_rows(own.embed_at(staged, sample_rate), staged, encoder)


def _checked_rows(embedded: Any, waveforms: Any, encoder: Encoder) -> NDArray[np.float32]:
    rows: NDArray[np.float32] = np.asarray(embedded)
    if rows.shape != (len(waveforms), encoder.embedding_dim):
        raise AsdError(
            f"the encoder returned an array of shape {rows.shape} for {len(waveforms)} waveforms of "
            f"embedding_dim {encoder.embedding_dim}: it must return one row a waveform"
        )
    return rows


def _means(embedded: NDArray[np.float32], stacks: Iterable[Stack]) -> Iterator[Outcome]:
    """The mean of each clip's windows."""
    edges = np.cumsum([len(stack) for stack in stacks])[:-1]
    for rows in np.split(embedded, edges):
        yield _checked(rows.mean(axis=0, dtype=np.float64) if len(rows) > 1 else rows[0])


def _checked(embedding: NDArray[Any]) -> Outcome:
    if not np.all(np.isfinite(embedding)):
        return ClipError("embedding_not_finite", "the encoder returned a value that is not finite")
    return embedding.astype(np.float32)
