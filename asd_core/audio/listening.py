"""Recordings for people: for the report's players, and for the measures that are put in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from asd_core.audio.containers.pieces import Bytes
from asd_core.audio.decoding import blocks_of, check_channel, decode, one_channel, open_clip
from asd_core.audio.places import split_place
from asd_core.audio.sound_file import SoundFile
from asd_core.errors import ClipError
from asd_core.store.files import accept_any

IN_MEMORY = 16 << 20  # bytes: larger recordings are left on disk while they are decoded
LONGEST_SECONDS = 120.0  # longer parts would swell the report
HIGHEST_RATE = 48_000  # Hz that every browser plays
LOWEST_RATE = 8_000  # Hz, likewise; the measures need some hundred
_MARGIN = 0.1  # s decoded before a segment, so that resampling has settled where it begins


@dataclass(frozen=True)
class Heard:
    """The part of recordings that was scored.

    Attributes:
        channel: counted from 0; None for the mean of all.
        seconds: from the beginning of the recording or of the segment; None for all of it.
    """

    channel: int | None = None
    seconds: float | None = None


ALL = Heard()


class AudioReader:
    """Reads the part of a clip that was scored: mono float32 at its own rate, or the nearest that browsers play.

    Args:
        heard: what was scored.
        others: uri → what was scored, for recordings of which it was something else.
    """

    def __init__(self, heard: Heard = ALL, others: Mapping[str, Heard] | None = None) -> None:
        self._heard, self._others = heard, others or {}

    def __call__(self, place: str) -> tuple[NDArray[np.float32], int]:
        """Samples (T,) float32 of a place, and their rate in Hz. Raises ClipError."""
        return to_hear(place, _open, self._others.get(split_place(place)[0], self._heard))


def _open(uri: str) -> Bytes:
    return open_clip(uri, accept_any, IN_MEMORY)


def to_hear(place: str, read: Callable[[str], Bytes], heard: Heard = ALL) -> tuple[NDArray[np.float32], int]:
    """The part of a recording that people hear and that is measured: samples (T,) float32, and their rate in Hz.

    It is the part that was scored, but for parts of more than two minutes, of which the first two are taken.

    Args:
        place: of a recording or a segment, see `asd_core.audio.places`.
        read: address → the file's bytes; raises ClipError.
        heard: what was scored.

    Raises:
        ClipError: the recording has no sound, or cannot be read.
    """
    uri, start = split_place(place)
    if uri.startswith("import:"):
        raise ClipError("imported", "its embedding was imported, so there is no sound of it here")
    data = read(uri)
    with SoundFile(data) as file:
        rate = min(max(file.samplerate, LOWEST_RATE), HIGHEST_RATE)
    seconds = min(heard.seconds or LONGEST_SECONDS, LONGEST_SECONDS)
    if start is not None:
        return _part(data, start, seconds, heard.channel, rate), rate
    return decode(data, sample_rate=rate, channel=heard.channel, seconds=seconds).samples, rate


def _part(data: Bytes, start: float, seconds: float, channel: int | None, sample_rate: int) -> NDArray[np.float32]:
    """Samples of a part of a recording, decoded from its beginning and dropped up to there."""
    with SoundFile(data) as file:
        check_channel(file, channel)
        rate = file.samplerate
        first, last = max(0.0, start - _MARGIN), start + seconds
        begin, end = math.floor(first * rate), math.ceil((last + _MARGIN) * rate)
        parts, at = [np.empty(0, np.float32)], 0
        for block in blocks_of(file):
            if at + len(block) > begin:
                parts.append(one_channel(block[max(0, begin - at) : end - at], channel))
            at += len(block)
            if at >= end:
                break
    samples = np.concatenate(parts)
    if rate != sample_rate:
        samples = soxr.resample(samples, rate, sample_rate, quality="HQ")
    offset = round((start - begin / rate) * sample_rate)
    cut = np.ascontiguousarray(samples[offset : offset + round(seconds * sample_rate)])
    if not len(cut):
        raise ClipError("no_samples", f"it ends before {start:g} s: another recording than the one that was scored")
    return cut
