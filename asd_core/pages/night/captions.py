"""The difference captions of a night by clip, with their evidence and what is wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import pyarrow as pa

from asd_core.digest import name_hash
from asd_core.pages.night.contents import Row, rows_of
from asd_core.pages.night.similarity_chart import SimilarityChart, draw_similarities
from asd_core.pages.number_format import counted
from asd_core.readable import readable
from asd_core.recipe.caption_settings import METHODS, WITH_MEASURES
from asd_core.store.tables import CAPTIONS

T = TypeVar("T")

METHOD_NAMES: Mapping[str, str] = {
    "hybrid": "Hybrid",
    "text-decoder": "Text decoder",
    "zero-shot": "Zero-shot",
    "acoustic": "Acoustic",
    "tags": "Classes of sound",
}

_WITHOUT_LLM = {
    "acoustic": "no LLM: measured against its nearest normal clips",
    "tags": "no LLM: AudioSet classes of a small network, and measurements, against its nearest normal clips",
}


@dataclass(frozen=True)
class DifferenceCaption:
    """One method's caption, or the reason why there is none.

    Attributes:
        method: as stored.
        name: the method's name for people.
        text: the caption; "" where there is none.
        llm: the author; "" where the caption was measured.
        source: the author and how it was asked, one line.
        warning: the fault of a caption that was kept; "" where it has none.
        problem: why there is no caption; "" where there is one.
        prompt: the prompt as it was sent; "" where no LLM was asked.
        rating_key: names this caption of this clip. It depends on the words: another caption is to be rated anew.
    """

    method: str
    name: str
    text: str
    llm: str
    source: str
    warning: str
    problem: str
    prompt: str
    rating_key: str


@dataclass(frozen=True)
class Shared(Generic[T]):
    """Evidence or a note, and the names of the methods that share it."""

    content: T
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Descriptions:
    """The caption decoder's words on a clip alone, and on its nearest normal clips (uri and caption)."""

    clip: str
    normals: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ClipCaptions:
    """The captions of one clip.

    Attributes:
        keys: clip_id, uri, machine_type, machine_id and date, as a rating has them.
        captions: by method, the paper's first.
        descriptions: equal ones of several methods once.
        similarities: likewise.
        findings: measured differences that an LLM put in words; () where a caption is the measurements themselves.
        measured: differences that were measured, in words; None where nothing was.
        notes: random weights, two audio towers; each once.
        is_measured: a caption or the findings hold measured differences.
    """

    keys: Mapping[str, str]
    captions: tuple[DifferenceCaption, ...]
    descriptions: tuple[Shared[Descriptions], ...]
    similarities: tuple[Shared[SimilarityChart], ...]
    findings: tuple[str, ...]
    measured: tuple[str, ...] | None
    notes: tuple[Shared[str], ...]
    is_measured: bool

    @property
    def text(self) -> str:
        """The first caption; "" where no method gave one."""
        return next((caption.text for caption in self.captions if caption.text), "")

    @property
    def is_random(self) -> bool:
        """A caption comes from random weights."""
        return any("random weight" in note.content.lower() for note in self.notes)


def captions_by_clip(table: pa.Table) -> dict[str, ClipCaptions]:
    """Clip id → its captions, from rows of `asd_core.store.tables.CAPTIONS`.

    Raises:
        AsdError: the table lacks a column.
    """
    clips: dict[str, list[Row]] = defaultdict(list)
    for row in rows_of(table, CAPTIONS.names, "captions"):
        clips[row["clip_id"]].append(row)
    return {clip_id: _clip_captions(sorted(rows, key=_order)) for clip_id, rows in clips.items()}


def captioned_text(flagged_ids: Collection[str], captions: Mapping[str, ClipCaptions]) -> str:
    """How many of the flagged clips are explained, in one sentence; "" where no clip of the night was asked about."""
    if not captions:
        return ""
    asked = [captions[clip_id] for clip_id in flagged_ids if clip_id in captions]
    explained = sum(bool(clip.text) for clip in asked)
    failed, left = len(asked) - explained, len(flagged_ids) - len(asked)
    words = (
        f"{explained:,} of {counted(len(flagged_ids), 'flagged clip')} {'has' if explained == 1 else 'have'} a caption"
    )
    words += f", {failed:,} could not be captioned" if failed else ""
    return words + (f", {left:,} {'was' if left == 1 else 'were'} not asked about" if left else "") + "."


def _order(row: Row) -> tuple[int, str, str]:
    method = row["method"]
    return (METHODS.index(method) if method in METHODS else len(METHODS), method, row["llm"])


def _clip_captions(rows: Sequence[Row]) -> ClipCaptions:
    has_measurements = any(row["method"] in WITH_MEASURES and not row["llm"] and not _is_error(row) for row in rows)
    worded = [row["findings"] for row in rows if row["findings"] and row["llm"]]
    findings = tuple(worded[0]) if worded and not has_measurements else ()
    return ClipCaptions(
        keys={name: rows[0][name] for name in ("clip_id", "uri", "machine_type", "machine_id", "date")},
        captions=tuple({caption.rating_key: caption for caption in map(_caption, rows)}.values()),
        descriptions=_shared(rows, _descriptions),
        similarities=_shared(rows, _chart),
        findings=findings,
        measured=next((tuple(row["findings"]) for row in rows if row["findings"] is not None), None),
        notes=_shared(rows, lambda row: row["note"] or None),
        is_measured=has_measurements or bool(findings),
    )


def _is_error(row: Row) -> bool:
    return row["difference_caption"] is None


def _caption(row: Row) -> DifferenceCaption:
    text, method, llm = row["difference_caption"] or "", row["method"], row["llm"]
    reasons = [row["error_reason"] or "no caption", row["error"] or ""]
    return DifferenceCaption(
        method=method,
        name=_name(method),
        text=text,
        llm=llm,
        source=_source(row),
        warning=row["warning"] or "",
        problem=": ".join(filter(None, reasons)) if _is_error(row) else "",
        prompt=row["prompt"],
        rating_key=name_hash(row["clip_id"], method, llm, text),
    )


def _name(method: str) -> str:
    return METHOD_NAMES.get(method) or readable(method)


def _source(row: Row) -> str:
    if not row["llm"]:
        return _WITHOUT_LLM.get(row["method"], "no LLM was asked")
    parts = [row["llm"], f"prompt {row['prompt_version']}"]
    if row["attempts"] > 1:
        parts.append(counted(row["attempts"], "attempt"))
    if row["unknown"]:
        parts.append(f"{counted(row['unknown'], 'attempt')} of unknown outcome after a crash")
    return ", ".join(parts)


def _descriptions(row: Row) -> Descriptions | None:
    if row["clip_caption"] is None:
        return None
    pairs = zip(row["normal_uris"] or (), row["normal_captions"] or (), strict=False)
    return Descriptions(row["clip_caption"], tuple(pairs))


def _chart(row: Row) -> SimilarityChart | None:
    return draw_similarities(row["texts"] or (), row["similarities"] or (), row["normal_similarities"] or ())


def _shared(rows: Sequence[Row], content_of: Callable[[Row], T | None]) -> tuple[Shared[T], ...]:
    """The content of the rows, equal content once."""
    methods: dict[T, list[str]] = {}
    for row in rows:
        if (content := content_of(row)) is not None:
            methods.setdefault(content, []).append(_name(row["method"]))
    return tuple(Shared(content, tuple(names)) for content, names in methods.items())
