"""Writing the page of one night and the media beside it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.digest import name_hash
from asd_core.pages import words
from asd_core.pages.html import csp_hash, page_texts
from asd_core.pages.night import history_chart as chart
from asd_core.pages.night import similarity_chart
from asd_core.pages.night.captions import ClipCaptions, captioned_text, captions_by_clip
from asd_core.pages.night.media import ClipMedia, ReadAudio, Recording, clip_media
from asd_core.pages.night.night import Night
from asd_core.pages.night.summary import MachineNight, ScoredClip, Summary, summarise, worst_first
from asd_core.readable import clip_name, readable, readable_lines, readable_uri
from asd_core.store.files import Files

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

_SECTIONS = 300  # machines with a section of their own: a page of 10,000 could not be read
_ROWS = 500  # flagged clips of one machine in the table of those without media


@dataclass(frozen=True)
class Evidence:
    """Where the page finds what `ClipMedia` held: addresses relative to the page, "" for what there is none of."""

    audio: str
    image: str
    nearest_uri: str
    nearest_audio: str
    nearest_image: str
    difference: str
    problem: str


def write_report(
    night: Night,
    files: Files,
    folder: str,
    read_audio: ReadAudio | None,
    media_limit: int = 300,
    map_function: MapFunction = map,
) -> str:
    """Write ``folder/index.html`` and ``folder/media/`` and return the page's path in ``files``.

    The same night gives the same bytes.

    Args:
        night: what to report.
        files: the store.
        folder: relative to the store, such as ``reports/date=2026-11-19``.
        read_audio: reads one recording; None where there are none (imported embeddings).
        media_limit: of how many clips (flagged, or captioned all the same) sounds and pictures are written: the worst
            of each machine first, then the worst of the night.
        map_function: like the builtin, results in order; takes `clip_media` elsewhere, which needs ``read_audio``
            to survive that trip.

    Raises:
        AsdError: a table lacks a column, or the folder cannot be written.
    """
    told = captions_by_clip(night.captions)
    summary = summarise(night, told.keys())
    sections = [machine for machine in summary.machines if machine.state != "silent"][:_SECTIONS]
    shown = _worst(sections, media_limit)
    evidence = {clip.uri: NO_AUDIO for clip in shown}
    if read_audio is not None:
        requests = [(clip.uri, tuple(uri for uri, _ in clip.nearest)) for clip in shown]
        written: set[str] = set()
        results = map_function(functools.partial(_media_of, read_audio), requests)
        for (uri, _), media in zip(requests, results, strict=True):
            evidence[uri] = _write_media(media, name=name_hash(uri), files=files, folder=folder, written=written)
    path = f"{folder}/index.html" if folder else "index.html"
    files.write(path, _render(night, summary, sections, evidence, told).encode("utf-8", "replace"))
    return path


NO_AUDIO = Evidence("", "", "", "", "", "", "There is no recording to play: this night was scored without audio.")


def _media_of(read_audio: ReadAudio, request: tuple[str, Sequence[str]]) -> ClipMedia:
    return clip_media(*request, read_audio)


def _worst(sections: Sequence[MachineNight], limit: int) -> list[ScoredClip]:
    """The clips to be heard: every machine's worst before any machine's second."""
    shown = [(*machine.flagged, *machine.others) for machine in sections]
    firsts = [clips[0] for clips in shown if clips]
    others = [clip for clips in shown for clip in clips[1:]]
    return [*firsts, *sorted(others, key=worst_first)][:limit]


def _write_media(media: ClipMedia, name: str, files: Files, folder: str, written: set[str]) -> Evidence:
    def write(file_name: str, data: bytes) -> str:
        # Many clips share a nearest normal clip, whose recording is written once.
        relative = f"media/{file_name}"
        if relative not in written:
            files.write(f"{folder}/{relative}" if folder else relative, data)
            written.add(relative)
        return relative

    def audio(recording: Recording | None) -> str:
        return write(f"{name_hash(recording.uri)}.flac", recording.audio) if recording else ""

    return Evidence(
        audio=audio(media.clip),
        image=write(f"{name}.png", media.clip.image) if media.clip else "",
        nearest_uri=media.nearest.uri if media.nearest else "",
        nearest_audio=audio(media.nearest),
        # Drawn to the scale of this clip, so it is this clip's own.
        nearest_image=write(f"{name}-normal.png", media.nearest.image) if media.nearest else "",
        difference=media.difference,
        problem=media.problem,
    )


def _render(
    night: Night,
    summary: Summary,
    sections: Sequence[MachineNight],
    evidence: Mapping[str, Evidence],
    told: Mapping[str, ClipCaptions],
) -> str:
    import jinja2
    import markupsafe

    style = page_texts("page.css", "night/captions.css")
    script = page_texts("night/page.js", *(["night/ratings.js"] if told else []))
    sources = {name: page_texts(f"night/{name}") for name in ("page.html", "parts.html", "clip.html", "captions.html")}
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters.update(
        figure=words.figure,
        signed=words.signed,
        percent=words.percent,
        probability=words.probability,
        tick=words.tick,
        number=words.count,
        cosine=words.cosine,
        readable=readable,
        readable_lines=readable_lines,
        readable_uri=readable_uri,
        clip_name=clip_name,
        name_hash=name_hash,
    )
    environment.globals["counted"] = words.counted
    return environment.get_template("page.html").render(
        night=night,
        summary=summary,
        evidence=evidence,
        sections=sections,
        told=told,
        captioned=captioned_text([clip.clip_id for clip in summary.flagged], told),
        n_random_captions=sum(clip.has_random_weights for clip in told.values()),
        n_tabled=sum(clip.uri not in evidence for machine in sections for clip in machine.flagged),
        has_section={machine.anchor for machine in sections},
        row_limit=_ROWS,
        chart_size=(chart.WIDTH, chart.HEIGHT),
        bar_size=(similarity_chart.WIDTH, similarity_chart.HEIGHT),
        disagreements=_disagreements(night, summary),
        untrusted=[
            machine.name for machine in summary.machines if machine.record and _is_random(machine.record.all_notes)
        ],
        run=_flat(night.run),
        style=markupsafe.Markup(style),
        script=markupsafe.Markup(script),
        style_hash=csp_hash(style),
        script_hash=csp_hash(script),
    )


def _is_random(notes: Sequence[str]) -> bool:
    return any("random weight" in note.lower() for note in notes)


def _disagreements(night: Night, summary: Summary) -> list[str]:
    """Where the run record counted otherwise than the rows show: no recording may be missing without a word."""
    counts = night.run.get("counts")
    if not isinstance(counts, Mapping):
        return []
    rows = {"listed": summary.n_listed, "scored": summary.n_scored, "errors": summary.n_errors}
    return [
        f"The run counted {counts[name]} {name}, the scores hold {found}."
        for name, found in rows.items()
        if isinstance(counts.get(name), int) and counts[name] != found
    ]


def _flat(record: Mapping[str, object], prefix: str = "") -> list[tuple[str, str]]:
    """The run record as lines of name and value."""
    lines: list[tuple[str, str]] = []
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            lines += _flat(value, f"{name}.")
        elif isinstance(value, list | tuple):
            lines.append((name, ", ".join(str(part) for part in value)[:500]))
        else:
            lines.append((name, f"{value:.4g}" if isinstance(value, float) else str(value)[:500]))
    return lines
