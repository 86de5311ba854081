"""Making a shard of planned clips and keeping it in the store, in any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.errors import ClipError
from asd_core.pipeline.threads import one_thread
from asd_core.store.addresses import open_files
from asd_core.synthesis.generated_clips import level_db
from asd_core.synthesis.generation.archive import SYNTHETIC_CLIPS, Parts, folder_of, row_of, sha256_of
from asd_core.synthesis.generation.plan import PlannedClip
from asd_core.synthesis.generation.wav_files import check_usable, wav_bytes
from asd_core.synthesis.signals import Samples


class Generator(Protocol):
    """A model that makes sound from captions."""

    sample_rate: int
    """Hz."""

    def generate(self, captions: Sequence[str], seeds: Sequence[int]) -> NDArray[np.float32]:
        """Waveforms (N, T) of N captions and seeds."""

    def similarity(self, waveforms: NDArray[np.float32], caption: str) -> NDArray[np.float64]:
        """Cosines (N,) of waveforms (N, T) and a caption; asked for only where there are several candidates."""


class Source(Protocol):
    """The place that a generator is opened from: small, and equal for equal generators."""

    @property
    def digest(self) -> str:
        """Names the weights."""

    @property
    def note(self) -> str:
        """One line that says where weights are random; "" otherwise."""

    def __hash__(self) -> int:
        """By which a process finds the generator that it has opened."""

    def open(self) -> Generator:
        """The generator, with its networks loaded."""


@dataclass(frozen=True)
class ShardTask:
    """A shard that is to be made.

    Attributes:
        store_url: address of the store.
        parts: the archive.
        number: of the shard.
        clips: of it.
        batch: candidates that are made at once.
        source: opens the generator.
    """

    store_url: str
    parts: Parts
    number: int
    clips: tuple[PlannedClip, ...]
    batch: int
    source: Source


@dataclass(frozen=True)
class Candidate:
    """One try at a clip: its number and its samples (T,), or the reason why they cannot be used."""

    number: int
    waveform: Samples
    problem: ClipError | None


def make_shard(task: ShardTask) -> list[dict[str, Any]]:
    """Make the clips of a shard, write them and then their rows; the same task writes the same bytes.

    A clip none of whose candidates can be used is tried once more, with its last seed; then it is a row with a reason.

    Returns:
        Rows of SYNTHETIC_CLIPS.
    """
    generator = opened(task.source)
    files, folder = open_files(task.store_url), folder_of(task.parts.name, task.parts.digest)
    with one_thread():  # sums of several threads differ in the last bit
        rows = []
        for clip, candidates in zip(task.clips, _candidates(generator, task.clips, task.batch), strict=True):
            row, waveform = _chosen(generator, task.source, clip, candidates)
            if waveform is not None:
                data = wav_bytes(waveform, generator.sample_rate)
                files.write(f"{folder}/{clip.path}", data)
                row |= {"size": len(data), "sha256": sha256_of(data)}
            rows.append(row)
    task.parts.write(files, task.number, pa.Table.from_pylist(rows, SYNTHETIC_CLIPS))
    return rows


@lru_cache(maxsize=1)
def opened(source: Source) -> Generator:
    """A generator, opened once in a process."""
    return source.open()


def _candidates(generator: Generator, clips: Sequence[PlannedClip], batch: int) -> list[list[Candidate]]:
    """Candidates of each clip: all but its last seed, and that one too where none of them can be used."""
    asked = [(index, number) for index, clip in enumerate(clips) for number in range(len(clip.seeds) - 1)]
    found: list[list[Candidate]] = [[] for _ in clips]
    for index, candidate in _made(generator, clips, asked, batch):
        found[index].append(candidate)
    again = [(index, len(clips[index].seeds) - 1) for index, own in enumerate(found) if all(one.problem for one in own)]
    for index, candidate in _made(generator, clips, again, batch):
        found[index].append(candidate)
    return found


def _made(
    generator: Generator, clips: Sequence[PlannedClip], asked: Sequence[tuple[int, int]], batch: int
) -> list[tuple[int, Candidate]]:
    made = []
    for first in range(0, len(asked), batch):
        part = asked[first : first + batch]
        captions = [clips[index].caption for index, _ in part]
        waveforms = generator.generate(captions, [clips[index].seeds[number] for index, number in part])
        made += [
            (index, Candidate(number, waveform, _problem(waveform)))
            for (index, number), waveform in zip(part, waveforms, strict=True)
        ]
    return made


def _problem(waveform: Samples) -> ClipError | None:
    try:
        check_usable(waveform)
    except ClipError as error:
        return error
    return None


def _chosen(
    generator: Generator, source: Source, clip: PlannedClip, candidates: Sequence[Candidate]
) -> tuple[dict[str, Any], Samples | None]:
    """The row of a clip, and the samples that are kept: the usable candidate nearest to the caption."""
    usable = [one for one in candidates if one.problem is None]
    if not usable:
        problem = candidates[-1].problem
        assert problem is not None
        message = f"{problem.message}, in each of {len(candidates)} tries"
        failed = {"error_reason": problem.reason, "error": message}
        return row_of(clip, source.digest, source.note, **failed), None
    best, similarity = usable[0], None
    if len(clip.seeds) > 2:
        similarities = generator.similarity(np.stack([one.waveform for one in usable]), clip.caption)
        best, similarity = usable[int(np.argmax(similarities))], float(np.max(similarities))
    found = {
        "seed": clip.seeds[best.number],
        "candidate": best.number,
        "similarity": similarity,
        "level_db": level_db(best.waveform),
        "seconds": len(best.waveform) / generator.sample_rate,
    }
    return row_of(clip, source.digest, source.note, **found), best.waveform
