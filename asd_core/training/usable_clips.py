"""The training clips that can be decoded: looked at before a training, so that classes and batches are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from asd_core.encoders.config import EncoderConfig
from asd_core.errors import ClipError
from asd_core.pipeline.threads import one_thread
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
