"""Sounds and pictures that a night's report kept, for recordings that are not in the archive any more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from asd_core.digest import name_hash
from asd_core.pages.night.media import ClipMedia, Recording
from asd_core.serving.clip_sounds import SoundRequest
from asd_core.store.layout import night_page_path
from asd_core.store.store import Store

_NEAREST = 5  # the report shows one of them


def from_report(store: Store, key: str, date: str, request: SoundRequest, made: ClipMedia) -> ClipMedia:
    """The media that the report of a night kept of a clip, where its recording cannot be read; else as made.

    Args:
        store: where the report is.
        key: of the recipe.
        date: of the night.
        request: the clip, or its part.
        made: from the archive.
    """
    if made.clip is not None:
        return made
    folder = f"{night_page_path(key, date).rpartition('/')[0]}/media"
    name = name_hash(request.place)
    audio, image = (_read(store, f"{folder}/{name}.{ending}") for ending in ("flac", "png"))
    if not audio or not image:
        return made
    normal = _read(store, f"{folder}/{name}-normal.png")
    places = request.nearest[:_NEAREST] if normal else ()
    sounds = ((place, _read(store, f"{folder}/{name_hash(place)}.flac")) for place in places)
    nearest = next((Recording(place, sound, normal) for place, sound in sounds if sound), None)
    problem = f"{made.problem}. Heard here is the copy in the report of the night."
    return replace(made, clip=Recording(request.place, audio, image), nearest=nearest, problem=problem)


def _read(store: Store, path: str) -> bytes:
    with suppress(FileNotFoundError):
        return store.files.read(path)
    return b""
