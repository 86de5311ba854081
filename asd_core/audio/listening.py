"""Recordings for people: for the report's players, and for the measures that are put in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.decoding import decode, read_clip
from asd_core.audio.sound_file import SoundFile
from asd_core.errors import ClipError

HEARD_SECONDS = 30.0  # longer recordings would swell the report
HIGHEST_RATE = 48_000  # Hz that every browser plays
LOWEST_RATE = 8_000  # Hz, likewise; the measures need some hundred


class AudioReader:
    """Reads a clip for listening: mono float32 at its own rate, or the nearest that browsers play.

    Args:
        channel: counted from 0; None mixes them all.
        others: uri → channel, for recordings on another channel.
    """

    def __init__(self, channel: int | None = None, others: Mapping[str, int | None] | None = None) -> None:
        self._channel, self._others = channel, others or {}

    def __call__(self, uri: str) -> tuple[NDArray[np.float32], int]:
        """Samples (T,) float32 of an address, and their rate in Hz. Raises ClipError."""
        return to_hear(uri, read_clip, self._others.get(uri, self._channel))


def to_hear(uri: str, read: Callable[[str], bytes], channel: int | None = None) -> tuple[NDArray[np.float32], int]:
    """The part of a recording that people hear and that is measured: samples (T,) float32, and their rate in Hz.

    Args:
        uri: its address.
        read: address → the file's bytes; raises ClipError.
        channel: counted from 0; None mixes them all.

    Raises:
        ClipError: the recording has no sound, or cannot be read.
    """
    if uri.startswith("import:"):
        raise ClipError("imported", "its embedding was imported, so there is no sound of it here")
    data = read(uri)
    with SoundFile(data) as file:
        rate = min(max(file.samplerate, LOWEST_RATE), HIGHEST_RATE)
    return decode(data, sample_rate=rate, channel=channel, seconds=HEARD_SECONDS).samples, rate
