"""The files of sounds and pictures beside the page of a night."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.digest import name_hash
from asd_core.pages.night.media import ClipMedia, ReadAudio, Recording, clip_media
from asd_core.pages.night.summary import ScoredClip
from asd_core.store.files import Files

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class MediaFiles:
    """A clip's files, as addresses relative to the page ("" where there is none), and its differences in words."""

    audio: str
    image: str
    nearest_uri: str
    nearest_audio: str
    nearest_image: str
    difference: str
    problem: str


NO_AUDIO = MediaFiles("", "", "", "", "", "", "There is no recording to play: this night was scored without audio.")


def write_media(
    clips: Sequence[ScoredClip], files: Files, folder: str, read_audio: ReadAudio | None, map_function: MapFunction
) -> Mapping[str, MediaFiles]:
    """Write the sounds and pictures of clips below ``folder/media`` and return uri → files, in the order of the clips.

    The arguments are those of `write_report`.

    Raises:
        AsdError: a file cannot be written.
    """
    if read_audio is None:
        return {clip.uri: NO_AUDIO for clip in clips}
    requests = [(clip.uri, tuple(uri for uri, _ in clip.nearest)) for clip in clips]
    made = map_function(functools.partial(_media_of, read_audio), requests)
    written: set[str] = set()

    def write(name: str, data: bytes) -> str:
        # Many clips share a nearest normal clip, whose recording is written once.
        if name not in written:
            files.write(f"{folder}/media/{name}" if folder else f"media/{name}", data)
            written.add(name)
        return f"media/{name}"

    return {uri: _write(media, name_hash(uri), write) for (uri, _), media in zip(requests, made, strict=True)}


def _media_of(read_audio: ReadAudio, request: tuple[str, Sequence[str]]) -> ClipMedia:
    return clip_media(*request, read_audio)


def _write(media: ClipMedia, name: str, write: Callable[[str, bytes], str]) -> MediaFiles:
    def audio(recording: Recording | None) -> str:
        return write(f"{name_hash(recording.uri)}.flac", recording.audio) if recording else ""

    return MediaFiles(
        audio=audio(media.clip),
        image=write(f"{name}.png", media.clip.image) if media.clip else "",
        nearest_uri=media.nearest.uri if media.nearest else "",
        nearest_audio=audio(media.nearest),
        # The colours of this picture are scaled to this clip, so other clips cannot share it.
        nearest_image=write(f"{name}-normal.png", media.nearest.image) if media.nearest else "",
        difference=media.difference,
        problem=media.problem,
    )
