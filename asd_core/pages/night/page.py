"""The page of one night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from asd_core.audio.differences import NO_DIFFERENCE
from asd_core.pages.html import render_page
from asd_core.pages.night.alike import alike_blocks
from asd_core.pages.night.captions import ClipCaptions, captioned_text, captions_by_clip
from asd_core.pages.night.contents import Night
from asd_core.pages.night.media import MapFunction, MediaFiles, ReadAudio, write_media
from asd_core.pages.night.scored_clip import ScoredClip, worst_first
from asd_core.pages.night.summary import MachineNight, Summary, summarise
from asd_core.pages.night.tier_words import remark_on
from asd_core.store.files import Files

_SECTIONS = 300  # machines with a section of their own: a page of 10,000 could not be read
_ROWS = 500  # flagged clips of one machine in the table of those without media


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
        night: the night to report.
        files: the store.
        folder: relative to the store, such as ``reports/date=2026-11-19``.
        read_audio: reads one recording; None where there are none (imported embeddings).
        media_limit: number of clips (flagged, or captioned all the same) with sounds and pictures: the worst of each
            machine first, then the worst of the night.
        map_function: like the builtin, results in order; takes `clip_media` elsewhere, which needs ``read_audio``
            to survive that trip.

    Raises:
        AsdError: a table lacks a column, or the folder cannot be written.
    """
    captions = captions_by_clip(night.captions)
    summary = summarise(night, captions.keys())
    sections = [machine for machine in summary.machines if machine.state != "silent"][:_SECTIONS]
    described = {clip_id for clip_id, caption in captions.items() if caption.is_measured}
    media = write_media(_worst(sections, media_limit), files, folder, read_audio, map_function, described)
    shown = {machine.anchor: (*machine.flagged, *machine.others) for machine in sections}
    measured = {clip.clip_id: _measured(clip, captions, media) for clips in shown.values() for clip in clips}
    known = {clip_id: words for clip_id, words in measured.items() if words is not None}
    page = render_page(
        "night/page.html",
        styles=["night/captions.css"],
        scripts=["night/page.js", *(["night/ratings.js"] if captions else [])],
        has_media=True,
        night=night,
        summary=summary,
        media=media,
        sections=sections,
        captions=captions,
        blocks={anchor: alike_blocks(clips, known) for anchor, clips in shown.items()},
        remarks={
            clip.clip_id: remark_on(machine.judgement, measured[clip.clip_id])
            for machine in sections
            for clip in shown[machine.anchor]
        },
        captioned=captioned_text([clip.clip_id for clip in summary.flagged], captions),
        n_random_captions=sum(clip.is_random for clip in captions.values()),
        n_tabled=sum(clip.uri not in media for machine in sections for clip in machine.flagged),
        has_section={machine.anchor for machine in sections},
        row_limit=_ROWS,
        disagreements=_disagreements(night, summary),
        notes=_notes(night),
        untrusted=[machine.name for machine in summary.machines if machine.record and machine.record.is_random],
        facts=[("recipe", night.recipe), ("key", night.key), *_flat(night.run)],
    )
    path = f"{folder}/index.html" if folder else "index.html"
    files.write(path, page)
    return path


def _worst(sections: Sequence[MachineNight], limit: int) -> list[ScoredClip]:
    """The clips to be heard: every machine's worst before any machine's second."""
    shown = [(*machine.flagged, *machine.others) for machine in sections]
    firsts = [clips[0] for clips in shown if clips]
    others = [clip for clips in shown for clip in clips[1:]]
    return [*firsts, *sorted(others, key=worst_first)][:limit]


def _measured(
    clip: ScoredClip, captions: Mapping[str, ClipCaptions], media: Mapping[str, MediaFiles]
) -> tuple[str, ...] | None:
    """Measured differences of a clip from its nearest normal clips, in words; None where the page shows none."""
    if clip.uri not in media:
        return None
    if clip.clip_id in captions and captions[clip.clip_id].measured is not None:
        return captions[clip.clip_id].measured
    said = media[clip.uri].difference
    if not said:
        return None
    return () if said == NO_DIFFERENCE else tuple(one for one in said.split("; ") if not one.startswith("and "))


def _disagreements(night: Night, summary: Summary) -> list[str]:
    """Counts of the run record that the rows contradict: no recording may be missing without a word."""
    counts = night.run.get("counts")
    if not isinstance(counts, Mapping):
        return []
    rows = {"listed": summary.n_listed, "scored": summary.n_scored, "errors": summary.n_errors}
    return [
        f"The run counted {counts[name]} {name}, the scores hold {found}."
        for name, found in rows.items()
        if isinstance(counts.get(name), int) and counts[name] != found
    ]


def _notes(night: Night) -> list[str]:
    """Lines of the run record that a reader of its scores must know."""
    notes = night.run.get("notes")
    return [str(note) for note in notes] if isinstance(notes, list) else []


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
