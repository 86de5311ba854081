"""The sound of a clip to play, its spectrogram, and in words how it differs from its nearest normal clips."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.differences import describe_difference
from asd_core.audio.measures import measure
from asd_core.audio.moments import differing_moment
from asd_core.audio.places import split_place
from asd_core.digest import name_hash
from asd_core.errors import AsdError
from asd_core.pages.night.scored_clip import ScoredClip
from asd_core.pages.night.spectrogram_image import draw_spectrograms
from asd_core.store.files import Files

ReadAudio = Callable[[str], tuple[NDArray[np.float32], int]]
"""Reads the waveform of a uri, (T,) float32 in [-1, 1], and its sample rate in Hz; raises AsdError or OSError."""

_SOUNDS_KEPT, _FIGURES_KEPT = 8, 64  # normal clips, whose samples take up to 23 MB each, and their measures
_TOGETHER = 8  # clips that one task makes the media of: clips of one machine share normal clips
_NORMALS = 5  # nearest normal clips that the difference is taken from: enough to see their spread


@dataclass(frozen=True)
class Recording:
    """One recording or segment for the page: the bytes of a 16-bit FLAC file and of its spectrogram's PNG.

    ``place`` is its place, see `asd_core.audio.places`.
    """

    place: str
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
        moment: where a segment begins to differ most, s from its own beginning; 0 for a whole clip.
    """

    clip: Recording | None
    nearest: Recording | None
    difference: str
    problem: str
    moment: float = 0.0


class Normals:
    """Normal clips that several flagged clips are compared with: read, measured and encoded once for all of them.

    Args:
        read_audio: reads one recording.
    """

    def __init__(self, read_audio: ReadAudio) -> None:
        self.sound = functools.lru_cache(_SOUNDS_KEPT)(read_audio)
        self.measures = functools.lru_cache(_FIGURES_KEPT)(lambda place: measure(*self.sound(place)))
        self.flac = functools.lru_cache(_FIGURES_KEPT)(lambda place: _flac(*self.sound(place)))


def clip_media(
    uri: str,
    nearest_uris: Sequence[str],
    read_audio: ReadAudio,
    *,
    is_described: bool = False,
    normals: Normals | None = None,
) -> ClipMedia:
    """Read a clip and its nearest normal clips and make the media of the clip.

    A pure function of the bytes behind the uris, so that it can run anywhere. It does not raise for a recording
    that cannot be read: the result says so.

    Args:
        uri: place of the clip, or of its worst segment.
        nearest_uris: places of its nearest normal clips, nearest first. The clip is compared with the first five, and
            shown beside the first of them that can be read.
        read_audio: reads one recording.
        is_described: a caption says the measured differences already; only what is shown is read then.
        normals: shared by several clips; None to read them for this one.
    """
    normals = normals or Normals(read_audio)
    try:
        waveform, sample_rate = read_audio(uri)
        measures = None if is_described else measure(waveform, sample_rate)
    except (AsdError, OSError) as error:
        return ClipMedia(None, None, "", f"The recording cannot be played: {_line(error)}")
    problem = "" if nearest_uris else "No nearest normal clip is known, so there is nothing to compare with."
    is_segment = split_place(uri)[1] is not None
    readable: list[str] = []
    for place in nearest_uris[:_NORMALS]:
        try:
            normals.sound(place)
            if measures is not None:
                normals.measures(place)
            readable.append(place)
        except (AsdError, OSError) as error:
            problem = problem or f"A nearest normal clip cannot be read: {_line(error)}"
        if readable and is_described and not is_segment:
            break
    images = draw_spectrograms([(waveform, sample_rate), *(normals.sound(place) for place in readable[:1])])
    clip = Recording(uri, _flac(waveform, sample_rate), images[0])
    nearest = Recording(readable[0], normals.flac(readable[0]), images[1]) if readable else None
    difference = ""
    if measures is not None and readable:
        difference = describe_difference(measures, [normals.measures(place) for place in readable]).text
    moment = 0.0
    if is_segment:
        moment = differing_moment(waveform, sample_rate, [normals.sound(place) for place in readable])
    return ClipMedia(clip, nearest, difference, problem, moment)


def _flac(waveform: NDArray[np.float32], sample_rate: int) -> bytes:
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.clip(waveform, -1.0, 1.0), sample_rate, format="FLAC", subtype="PCM_16")
    return out.getvalue()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class MediaFiles:
    """A clip's files, as addresses relative to the page ("" where there is none), and its differences in words.

    The address of a segment's sound names the moment to begin at. ``nearest_start`` is the start of the nearest
    segment in its recording, s; None for a whole clip.
    """

    audio: str
    image: str
    nearest_uri: str
    nearest_audio: str
    nearest_image: str
    difference: str
    problem: str
    nearest_start: float | None = None


NO_AUDIO = MediaFiles("", "", "", "", "", "", "There is no recording to play: this night was scored without audio.")


def write_media(
    clips: Sequence[ScoredClip],
    files: Files,
    folder: str,
    read_audio: ReadAudio | None,
    map_function: MapFunction,
    described: Collection[str] = (),
) -> Mapping[str, MediaFiles]:
    """Write the sounds and pictures of clips below ``folder/media`` and return uri → files, in the order of the clips.

    Args:
        clips: to be heard.
        files: the store.
        folder: of the page, relative to the store.
        read_audio: reads one recording; None where there are none.
        map_function: like the builtin.
        described: ids of clips of which a caption says the measured differences.

    Raises:
        AsdError: a file cannot be written.
    """
    if read_audio is None:
        return {clip.uri: NO_AUDIO for clip in clips}
    neighbours = sorted(clips, key=lambda clip: (clip.machine, clip.nearest_places[:1]))
    parts = [neighbours[first : first + _TOGETHER] for first in range(0, len(neighbours), _TOGETHER)]
    requests = [[(clip.place, clip.nearest_places, clip.clip_id in described) for clip in part] for part in parts]
    made = map_function(functools.partial(_media_of, read_audio), requests)
    written: set[str] = set()

    def write(name: str, data: bytes) -> str:
        # Many clips share a nearest normal clip, whose recording is written once.
        if name not in written:
            files.write(f"{folder}/media/{name}" if folder else f"media/{name}", data)
            written.add(name)
        return f"media/{name}"

    found = {}
    for part, media in zip(parts, made, strict=True):
        for clip, own in zip(part, media, strict=True):
            found[clip.uri] = _write(own, name_hash(clip.place), write)
    return {clip.uri: found[clip.uri] for clip in clips}


def _media_of(read_audio: ReadAudio, requests: Sequence[tuple[str, Sequence[str], bool]]) -> list[ClipMedia]:
    normals = Normals(read_audio)
    return [
        clip_media(uri, nearest, read_audio, is_described=is_described, normals=normals)
        for uri, nearest, is_described in requests
    ]


def _write(media: ClipMedia, name: str, write: Callable[[str, bytes], str]) -> MediaFiles:
    def audio(recording: Recording | None) -> str:
        return write(f"{name_hash(recording.place)}.flac", recording.audio) if recording else ""

    nearest_uri, nearest_start = split_place(media.nearest.place) if media.nearest else ("", None)
    return MediaFiles(
        audio=audio(media.clip) + (f"#t={media.moment:.1f}" if media.moment else ""),
        image=write(f"{name}.png", media.clip.image) if media.clip else "",
        nearest_uri=nearest_uri,
        nearest_audio=audio(media.nearest),
        # The colours of this picture are scaled to this clip, so other clips cannot share it.
        nearest_image=write(f"{name}-normal.png", media.nearest.image) if media.nearest else "",
        difference=media.difference,
        problem=media.problem,
        nearest_start=nearest_start,
    )
