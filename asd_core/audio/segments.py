"""Recordings of any length, decoded block by block and cut into segments: memory holds a few segments, not an hour."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import soxr

from asd_core.audio.containers.pieces import Bytes
from asd_core.audio.decoding import Samples, blocks_of, check_channel, one_channel, truncation
from asd_core.audio.sound_file import SoundFile
from asd_core.errors import ClipError

_CHUNK = 1 << 20  # samples at the encoder's rate: a block at 1 Hz would be a gigabyte
_SLIVER = 0.01  # of a hop: less sound than this at the end of a recording makes no segment of its own


@dataclass(frozen=True)
class Cut:
    """How recordings are cut.

    Attributes:
        clip_seconds: length of a segment; a shorter recording is one segment.
        hop_seconds: from the start of a segment to that of the next, at most ``clip_seconds``.
    """

    clip_seconds: float
    hop_seconds: float


@dataclass(frozen=True)
class Segment:
    """One segment of a recording.

    Attributes:
        number: from 0.
        start: s from the beginning of the recording.
        samples: (T,) float32.
    """

    number: int
    start: float
    samples: Samples


class SegmentedRecording:
    """The segments of a recording, one after the other.

    Segments begin every ``hop_seconds`` and the last one ends with the recording. Where the last regular one ends less
    than a hundredth of a hop before the recording, it is moved to the end; else one more is cut there.

    Args:
        data: the file's bytes, or a memory map of them.
        cut: how it is cut.
        sample_rate: Hz of the samples, unless the recording's own is one of ``native_rates``.
        channel: counted from 0; None for the mean of all.
        native_rates: Hz at which a recording keeps its rate.

    Attributes:
        sample_rate: Hz of the segments; known once the first is taken.
        seconds: length of the recording; known once the last segment is taken.
        warning: one line about a defect, known at the end too; None for a sound recording.
    """

    def __init__(
        self,
        data: Bytes,
        cut: Cut,
        *,
        sample_rate: int,
        channel: int | None = None,
        native_rates: Collection[int] = (),
    ) -> None:
        self._data, self._cut, self._channel, self._native_rates = data, cut, channel, native_rates
        self.sample_rate = sample_rate
        self.seconds = 0.0
        self.warning: str | None = None

    def __iter__(self) -> Iterator[Segment]:
        """The segments; those of one value only, or with values that are not finite, too.

        Raises:
            ClipError: the recording cannot be decoded, see `asd_core.audio.decoding`.
        """
        number, start = 0, 0  # of the next regular segment; start in samples
        before, waiting = np.empty(0, np.float32), np.empty(0, np.float32)
        for block in self._samples():
            length = round(self._cut.clip_seconds * self.sample_rate)
            hop = max(1, round(self._cut.hop_seconds * self.sample_rate))
            waiting = np.concatenate([waiting, block])
            while len(waiting) > length + int(_SLIVER * hop):
                yield Segment(number, start / self.sample_rate, waiting[:length])
                number, start = number + 1, start + hop
                before, waiting = waiting[:hop], waiting[hop:]
        if not start + len(waiting):
            raise ClipError("no_samples", "not even one sample is left after resampling")
        end = start + len(waiting)
        rest = np.concatenate([before, waiting])[-length:]
        yield Segment(number, (end - len(rest)) / self.sample_rate, rest)

    def _samples(self) -> Iterator[Samples]:
        """The channel at the sample rate, in blocks; sets what is known at the end."""
        if not len(self._data):
            raise ClipError("empty", "the file has no bytes: the recorder opened it and never wrote")
        with SoundFile(self._data) as file:
            check_channel(file, self._channel)
            rate, frames = file.samplerate, 0
            self.sample_rate = rate if rate in self._native_rates else self.sample_rate
            resampler = None if rate == self.sample_rate else soxr.ResampleStream(rate, self.sample_rate, 1)
            most = int(file.most_samples * rate / self.sample_rate)  # a damaged rate makes days of kilobytes
            for block in blocks_of(file):
                samples = np.ascontiguousarray(one_channel(block, self._channel)[: most - frames])
                frames += len(samples)
                self.seconds = frames / rate  # a recording that breaks off has the length up to there
                yield from [samples] if resampler is None else _resampled(resampler, samples, rate / self.sample_rate)
                if len(samples) < len(block):
                    raise ClipError(
                        "too_long", f"what follows {self.seconds:.0f} s of {len(self._data)} bytes is not heard"
                    )
            if not frames:
                raise ClipError("no_samples", "a header of an audio file with no samples behind it that can be decoded")
            if resampler is not None:
                yield resampler.resample_chunk(np.empty(0, np.float32), last=True)
            self.warning = truncation(file, frames)


def _resampled(resampler: soxr.ResampleStream, samples: Samples, ratio: float) -> Iterator[Samples]:
    """Samples (T,) at another rate, in pieces that fit into memory at a ``ratio`` of rates that is very small."""
    step = max(1, int(_CHUNK * ratio))
    for begin in range(0, len(samples), step):
        yield resampler.resample_chunk(samples[begin : begin + step])
