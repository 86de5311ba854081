"""The sound of a clip to play, its spectrogram, and in words how it differs from its nearest normal clips."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.differences import describe_difference
from asd_core.audio.measures import measure
from asd_core.errors import AsdError
from asd_core.pages.night.spectrogram_image import draw_spectrograms

ReadAudio = Callable[[str], tuple[NDArray[np.float32], int]]
"""Reads the waveform of a uri, (T,) float32 in [-1, 1], and its sample rate in Hz; raises AsdError or OSError."""

_NORMALS = 5  # nearest normal clips that the difference is taken from: enough to see their spread


@dataclass(frozen=True)
class Recording:
    """One recording for the page: the bytes of a 16-bit FLAC file and of its spectrogram's PNG."""

    uri: str
    audio: bytes
    image: bytes


@dataclass(frozen=True)
class ClipMedia:
    """The media of one clip.

    Attributes:
        clip: the clip; None where it could not be read.
        nearest: the nearest normal clip that could be read; None where there is none.
        difference: how the clip differs from its nearest normals, in words with figures; "" where it does not.
        problem: the reason why something is missing, one line; "" where nothing is.
    """

    clip: Recording | None
    nearest: Recording | None
    difference: str
    problem: str


def clip_media(uri: str, nearest_uris: Sequence[str], read_audio: ReadAudio) -> ClipMedia:
    """Read a clip and its nearest normal clips and make the media of the clip.

    A pure function of the bytes behind the uris, so that it can run anywhere. It does not raise for a recording
    that cannot be read: the result says so.

    Args:
        uri: address of the clip.
        nearest_uris: addresses of its nearest normal clips, nearest first. The clip is compared with the first five,
            and shown beside the first of them that can be read.
        read_audio: reads one recording.
    """
    try:
        waveform, sample_rate = read_audio(uri)
        measures = measure(waveform, sample_rate)
    except (AsdError, OSError) as error:
        return ClipMedia(None, None, "", f"The recording cannot be played: {_line(error)}")
    problem = "" if nearest_uris else "No nearest normal clip is known, so there is nothing to compare with."
    normals = []
    for normal_uri in nearest_uris[:_NORMALS]:
        try:
            normal, normal_rate = read_audio(normal_uri)
            normals.append((normal_uri, normal, normal_rate, measure(normal, normal_rate)))
        except (AsdError, OSError) as error:
            problem = problem or f"A nearest normal clip cannot be read: {_line(error)}"
    shown = [(uri, waveform, sample_rate), *(normal[:3] for normal in normals[:1])]
    images = draw_spectrograms([(samples, rate) for _, samples, rate in shown])
    clip, *nearest = (
        Recording(address, _flac(samples, rate), image)
        for (address, samples, rate), image in zip(shown, images, strict=True)
    )
    difference = describe_difference(measures, [measured for *_, measured in normals]).text if normals else ""
    return ClipMedia(clip, nearest[0] if nearest else None, difference, problem)


def _flac(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.clip(waveform, -1.0, 1.0), sample_rate, format="FLAC", subtype="PCM_16")
    return out.getvalue()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
