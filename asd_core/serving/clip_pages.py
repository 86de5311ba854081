"""The page of a clip at ``/clips/<clip id>``, and its sounds and pictures below it."""

from __future__ import annotations

import math
import urllib.parse
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asd_core.audio.places import split_place
from asd_core.digest import name_hash
from asd_core.pages.night.tier_words import remark_on
from asd_core.pipeline.stored_keys import recipe_of
from asd_core.serving.answers import memory_of, page_answer, store_of
from asd_core.serving.clip_sounds import ClipSounds, HeardClip, SoundRequest, TooBusyError
from asd_core.serving.clip_view import ClipView, clip_view
from asd_core.serving.filters import machine_link, night_link
from asd_core.serving.given_labels import labels_of_clip, labels_of_night
from asd_core.serving.kept_files import KeptFiles, file_answer
from asd_core.serving.labels import name_of_labeller
from asd_core.serving.report_media import from_report
from asd_core.serving.scored_clips import FoundClip, ScoredClips
from asd_core.serving.segment_course import segment_course
from asd_core.store.content_types import content_type
from asd_core.store.layout import night_page_path
from asd_core.store.store import Store

MEDIA = ("clip.flac", "clip.png", "nearest.flac", "nearest.png")
NORMALS = {f"normal-{number + 1}.flac": number for number in range(5)}
"""Names of a clip's nearest normal clips, each to be heard by itself, and their places."""

_PAGE_SECONDS, _MEDIA_SECONDS = 6.0, 90.0  # that a page, and a sound, wait for a decoder


@dataclass(frozen=True)
class ServedClips:
    """The clips of an application: how they are found and heard, and where their files are kept."""

    scored: ScoredClips
    sounds: ClipSounds
    files: KeptFiles

    def close(self) -> None:
        """End the workers, whatever they are at, and remove the files."""
        self.sounds.close()
        self.files.close()


def served_clips(store: Store) -> ServedClips:
    """The clips of a store; nothing is decoded before somebody asks."""
    files = KeptFiles()
    return ServedClips(ScoredClips(store), ClipSounds(files), files)


def clips_of(request: Request) -> ServedClips:
    """The clips of the application that a request is for."""
    clips: ServedClips = request.app.state.clips
    return clips


def routes() -> list[Route]:
    """The page of a clip and its media."""
    return [Route("/clips/{clip_id}", _page), Route("/clips/{clip_id}/media/{name}", _media)]


def clip_address(clip_id: str, key: str = "", date: str = "", start: float | None = None) -> str:
    """The address of a clip's page; with KEY and date it is found without a search."""
    given = {"key": key, "date": date, "start": "" if start is None else f"{start:g}"}
    query = urllib.parse.urlencode({name: value for name, value in given.items() if value})
    return f"/clips/{urllib.parse.quote(clip_id, safe='')}" + (f"?{query}" if query else "")


def _found(request: Request) -> FoundClip:
    asked = request.query_params
    found = clips_of(request).scored.find(request.path_params["clip_id"], asked.get("key", ""), asked.get("date", ""))
    if found is None:
        raise HTTPException(404)
    return found


def _start(request: Request) -> float | None:
    try:
        start = float(request.query_params.get("start", ""))
    except ValueError:
        return None
    return round(start, 1) if math.isfinite(start) else None


def _page(request: Request) -> Response:
    store, clips, found, start = store_of(request), clips_of(request), _found(request), _start(request)
    memory = memory_of(request)
    kept = memory.night(found.key, found.date)
    course = segment_course(store, found, recipe_of(store.record(found.run)))
    view = clip_view(store, found, kept, start, course)
    heard, waits = _heard(clips, view, _PAGE_SECONDS, store)
    row, own = found.row, (found.key, found.date)
    before, after = clips.scored.beside(found)
    labels = store.all_labels()
    report = night_page_path(*own)
    return page_answer(
        request,
        "clip.html",
        ["night/captions.css", "clip.css"],
        ["night/page.js"],
        has_media=True,
        view=view,
        found=found,
        heard=heard,
        waits=waits,
        media={} if heard is None else _addresses(view, heard, start),
        nearest=split_place(heard.nearest_place) if heard and heard.nearest_place else None,
        normals=_normals(view),
        shown_from=split_place(view.sound.place)[1] if view.sound else None,
        remark=remark_on(view.judgement, None) if view.clip and view.clip.is_flagged else "",
        parts=[(part, clip_address(row["clip_id"], *own, part.start)) for part in view.parts],
        before=before and clip_address(before, *own),
        after=after and clip_address(after, *own),
        others=[(key, clip_address(row["clip_id"], key, found.date)) for key in clips.scored.other_keys(found)],
        clip_labels=labels_of_clip(labels, row["uri"]),
        night_labels=labels_of_night(labels, row["machine_type"], row["machine_id"], found.date),
        labelled_by=name_of_labeller(request),
        machine=f"{row['machine_type']}/{row['machine_id']}",
        machine_address=machine_link(row["machine_type"], row["machine_id"], found.key),
        night_address=night_link(found.date, found.key),
        is_labelled_since=kept is not None and memory.has_new_answers(*own, kept),
        back=clip_address(row["clip_id"], *own, start),
        report=f"/{urllib.parse.quote(report)}#clip-{name_hash(row['uri'])}" if store.files.exists(report) else "",
        facts=_facts(view),
    )


def _heard(clips: ServedClips, view: ClipView, seconds: float, store: Store) -> tuple[HeardClip | None, str]:
    """The sounds of a clip, and why they are not there yet."""
    return (None, "") if view.sound is None else _made(clips, view.sound, view.found, seconds, store)


def _made(
    clips: ServedClips, sound: SoundRequest, found: FoundClip, seconds: float, store: Store
) -> tuple[HeardClip | None, str]:
    try:
        heard = clips.sounds.hear(sound, seconds, lambda made: from_report(store, found.key, found.date, sound, made))
    except TooBusyError as error:
        return None, f"{str(error).capitalize()}."
    return heard, "" if heard else "The recording is still being decoded. Open the page again in a moment."


def _addresses(view: ClipView, heard: HeardClip, start: float | None) -> dict[str, str]:
    """Name → address of each file; the mark of its version lets a browser keep it."""
    own, _, query = clip_address(view.found.row["clip_id"], view.found.key, view.found.date, start).partition("?")
    found = {name: f"{own}/media/{name}?{query}&v={file.digest}" for name, file in heard.files.items()}
    if "clip.flac" in found and heard.moment:
        found["clip.flac"] += f"#t={heard.moment:.1f}"
    return found


def _media(request: Request) -> Response:
    name, clips = request.path_params["name"], clips_of(request)
    if name not in MEDIA and name not in NORMALS:
        raise HTTPException(404)
    kept = clips.files.get(request.query_params.get("v", ""))
    if kept is not None and kept.media_type == content_type(name):
        return file_answer(request, kept)
    view = clip_view(store_of(request), _found(request), None, _start(request))
    sound = view.sound if name in MEDIA or view.sound is None else _normal(view.sound, NORMALS[name])
    if sound is None:
        raise HTTPException(404)
    heard, waits = _made(clips, sound, view.found, _MEDIA_SECONDS, store_of(request))
    name = name if name in MEDIA else "clip.flac"
    if waits:
        raise HTTPException(503, waits, {"Retry-After": "30"})
    if heard is None or name not in heard.files:
        raise HTTPException(404)
    return file_answer(request, heard.files[name])


def _normal(sound: SoundRequest, number: int) -> SoundRequest | None:
    """One of a clip's nearest normal clips by itself; None where it has not so many."""
    return SoundRequest(sound.nearest[number], (), sound.heard, True) if number < len(sound.nearest) else None


def _normals(view: ClipView) -> list[tuple[str, float, str]]:
    """Address, distance, and address of the sound of each of a clip's nearest normal clips."""
    if view.clip is None:
        return []
    own, _, query = clip_address(view.found.row["clip_id"], view.found.key, view.found.date).partition("?")
    named = zip(view.clip.nearest, NORMALS, strict=False)
    return [(uri, distance, f"{own}/media/{name}?{query}") for (uri, distance), name in named]


def _facts(view: ClipView) -> list[tuple[str, str]]:
    row = view.found.row
    told = {
        "clip id": row["clip_id"],
        "key": view.found.key,
        "run": view.found.run.run_id,
        "scorer": row["scorer_version"],
        "length, s": None if row["seconds"] is None else f"{row['seconds']:.2f}",
        "level, dB re full scale": None if row["level_db"] is None else f"{row['level_db']:.1f}",
        "bytes": f"{row['size']}",
    }
    return [(name, value) for name, value in told.items() if value]
