"""The clips left to embed, cut into shards.

The plan is the manifest minus what is committed, so that adding N clips to an embedded archive decodes exactly N.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.shards import Shard, shard_name

LARGEST_SHARD = 128  # clips: some seconds of work for a CPU, 80 MB of decoded ten-second clips
LARGEST_SHARD_OF_MANY = 256  # where a worker gets dozens of shards, fewer and larger ones cost less and balance as well
SMALLEST_SHARD = 8  # below this the fixed cost of a task and a file outweighs the balance that it gains
SMALLEST_SHARD_OF_GPU = 64  # two windows a ten-second clip: half of the batch that a GPU gets at once
SHARD_BYTES = 128 << 20  # of recordings: a shard is decoded whole, long ones to several times their size
MOST_BYTES = 2 * SHARD_BYTES  # of a shard of several: decoded, it travels as one value of a table, of 2 GiB at most


def missing(clips: pa.Table, embedded: pa.Table) -> pa.Table:
    """The rows of CLIPS whose clip id is not among those embedded."""
    return clips.filter(pc.invert(pc.is_in(clips["clip_id"], value_set=embedded["clip_id"].combine_chunks())))


def cut_shards(
    clips: pa.Table, encoder: EncoderConfig, fingerprint: str, workers: int = 1, smallest: int = SMALLEST_SHARD
) -> list[Shard]:
    """Cut clips into shards of like size, by machine and date.

    A machine's clips lie in few shards, so that its reducer opens few files; machines smaller than a shard are packed
    whole into one with others, so that 10,000 machines of 30 clips do not mean 10,000 tiny files.

    Args:
        clips: rows of CLIPS.
        encoder: what embeds them.
        fingerprint: of the embeddings.
        workers: how many shards are worked on at once; a small archive is cut finer for them.
        smallest: clips of a shard that it pays to have, large recordings aside.
    """
    if not len(clips):
        return []
    clips = clips.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "date", "uri")])
    size = _shard_size(len(clips), pc.mean(clips["size"]).as_py(), max(workers, 1), smallest)
    shards = []
    for start, stop in _cuts_by_bytes(_cuts(machine_edges(clips), size), clips["size"].to_numpy()):
        part = clips.slice(start, stop - start)
        shards.append(Shard(shard_name(part["clip_id"].to_pylist(), fingerprint), part, encoder, fingerprint))
    return shards


def _shard_size(clips: int, mean_bytes: float, workers: int, smallest: int) -> int:
    largest = int(np.clip(clips // (64 * workers), LARGEST_SHARD, LARGEST_SHARD_OF_MANY))
    largest = min(largest, int(SHARD_BYTES / max(mean_bytes, 1.0)))
    return int(np.clip(clips // (4 * workers), smallest, max(largest, smallest)))


def machine_groups(clips: pa.Table, size: int) -> list[pa.Table]:
    """Cut rows with machine columns into tables of whole machines, of ``size`` rows or more but for the last.

    A table is larger only by the machine that reached the size, so that memory is bounded by the largest machine.
    """
    if not len(clips):
        return []
    clips = clips.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "date", "uri")])
    groups, start = [], 0
    edges = machine_edges(clips)
    for edge in edges[1:]:
        if edge - start >= size or edge == edges[-1]:
            groups.append(clips.slice(start, edge - start))
            start = edge
    return groups


def _cuts(edges: list[int], size: int) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    packed = edges[0]  # where the shard of small machines under way begins
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        if stop - start > size:
            if packed < start:
                cuts.append((packed, start))
            pieces = -(-(stop - start) // size)
            marks = np.linspace(start, stop, pieces + 1).round().astype(int).tolist()
            cuts += list(zip(marks[:-1], marks[1:], strict=True))
            packed = stop
        elif stop - packed > size:
            cuts.append((packed, start))
            packed = start
    if packed < edges[-1]:
        cuts.append((packed, edges[-1]))
    return [(start, stop) for start, stop in cuts if start < stop]


def _cuts_by_bytes(cuts: list[tuple[int, int]], sizes: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """The cuts, those of more than `MOST_BYTES` cut again before the recording that passes it."""
    for start, stop in cuts:
        total = 0
        for row in range(start, stop) if sizes[start:stop].sum() > MOST_BYTES else ():
            if row > start and total + sizes[row] > MOST_BYTES:
                yield start, row
                start, total = row, 0
            total += int(sizes[row])
        yield start, stop


def machine_edges(clips: pa.Table) -> list[int]:
    """Row numbers at which another machine begins, from 0 to the number of rows; rows are sorted by machine."""
    changed = np.zeros(len(clips), bool)
    changed[:1] = True
    for name in ("machine_type", "machine_id"):
        codes = clips[name].combine_chunks().dictionary_encode().indices.to_numpy()
        changed[1:] |= codes[1:] != codes[:-1]
    return [*np.flatnonzero(changed).tolist(), len(clips)]
