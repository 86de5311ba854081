"""The training clips that can be decoded: looked at before a training, so that classes and batches are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.engine import Engine, Progress, tracked
from asd_core.pipeline.threads import one_thread
from asd_core.store.tables import CLIPS
from asd_core.training.waveforms import decoded_windows

CLIPS_AT_ONCE = 32


@dataclass(frozen=True, eq=False)
class DecodingTask:
    """Some clips to look at.

    Attributes:
        clips: rows of CLIPS.
        encoder: how much of each is heard.
        sample_rate: Hz.
    """

    clips: pa.Table
    encoder: EncoderConfig
    sample_rate: int


@dataclass(frozen=True)
class Unusable:
    """A clip that cannot be decoded, and why."""

    clip_id: str
    uri: str
    reason: str
    message: str
    transient: bool


def usable_clips(
    clips: pa.Table,
    encoder: EncoderConfig,
    sample_rate: int,
    engine: Engine,
    progress: Progress,
    words: str = "clips",
) -> tuple[pa.Table, list[Unusable]]:
    """Decode every clip once; returns the rows that can be trained on, and the others with their reasons.

    Args:
        clips: rows of CLIPS, which may have further columns.
        encoder: how much of each is heard.
        sample_rate: Hz.
        engine: that decodes.
        progress: told (stage, done, total).
        words: for the clips, in the error.

    Raises:
        AsdError: none can be decoded.
    """
    tasks = decoding_tasks(clips.select(CLIPS.names), encoder, sample_rate)
    found = tracked(engine.map(unusable_clips, tasks), "decoding clips", len(tasks), progress)
    unusable = list(chain.from_iterable(found))
    if len(unusable) == len(clips):
        first = f"; the first is {unusable[0].uri}: {unusable[0].message}" if unusable else ""
        raise AsdError(f"none of {len(clips)} {words} can be decoded{first}")
    bad = pa.array([one.clip_id for one in unusable], pa.string())
    return clips.filter(pc.invert(pc.is_in(clips["clip_id"], value_set=bad))), unusable


def decoding_tasks(clips: pa.Table, encoder: EncoderConfig, sample_rate: int) -> list[DecodingTask]:
    """The clips in parts of `CLIPS_AT_ONCE`."""
    starts = range(0, len(clips), CLIPS_AT_ONCE)
    return [DecodingTask(clips.slice(start, CLIPS_AT_ONCE), encoder, sample_rate) for start in starts]


def unusable_clips(task: DecodingTask) -> list[Unusable]:
    """Decode each clip of a task, and return those that cannot be."""
    with one_thread():
        outcomes = list(decoded_windows(task.clips, task.encoder, task.sample_rate))
    return list(_failed(task.clips, outcomes))


def _failed(clips: pa.Table, outcomes: Iterable[object]) -> Iterator[Unusable]:
    names = zip(clips["clip_id"].to_pylist(), clips["uri"].to_pylist(), strict=True)
    for (clip_id, uri), outcome in zip(names, outcomes, strict=True):
        if isinstance(outcome, ClipError):
            yield Unusable(clip_id, uri, outcome.reason, outcome.message, outcome.transient)
