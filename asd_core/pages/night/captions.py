"""The difference captions of a night as the page tells them: by clip, with what they rest on and what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from asd_core.digest import name_hash
from asd_core.errors import AsdError
from asd_core.pages.night.similarity_chart import SimilarityChart, draw_similarities
from asd_core.pages.number_format import counted
from asd_core.readable import readable
from asd_core.recipe.caption_settings import METHODS
from asd_core.store.tables import CAPTIONS

Row = Mapping[str, Any]
T = TypeVar("T")

METHOD_NAMES: Mapping[str, str] = {
    "hybrid": "Hybrid",
    "text-decoder": "Text decoder",
    "zero-shot": "Zero-shot",
    "acoustic": "Acoustic",
}


@dataclass(frozen=True)
class DifferenceCaption:
    """One method's caption, or why there is none.

    Attributes:
        method: as stored.
        name: of the method, for people.
        text: the caption; "" where there is none.
        llm: who wrote it; "" where it was measured.
        source: who wrote it and how it was asked, one line.
        warning: what is wrong with a caption that was kept; "" where nothing is.
        problem: why there is no caption; "" where there is one.
        prompt: as it was asked; "" where nobody was.
        rating_key: names this caption of this clip, by its words too: another caption is to be rated anew.
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
class Descriptions:
    """What the caption decoder said of a clip alone, and of its nearest normal clips (uri and caption)."""

    clip: str
    normals: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Similarities:
    """A chart of similarities, and the methods that rest on it."""

    chart: SimilarityChart
    methods: tuple[str, ...]


@dataclass(frozen=True)
class ClipCaptions:
    """All that is told of one clip.

    Attributes:
        keys: clip_id, uri, machine_type, machine_id and date, as a rating has them.
        captions: by method, the paper's first.
        descriptions: equal ones of several methods once.
        similarities: likewise.
        findings: measured differences that an LLM put in words; () where a caption is the measurements themselves.
        notes: random weights, two audio towers; each once, with the methods it is said of.
        is_measured: whether measured differences are among all this.
    """

    keys: Mapping[str, str]
    captions: tuple[DifferenceCaption, ...]
    descriptions: tuple[Descriptions, ...]
    similarities: tuple[Similarities, ...]
    findings: tuple[str, ...]
    notes: tuple[tuple[str, tuple[str, ...]], ...]
    is_measured: bool

    @property
    def text(self) -> str:
        """The first caption; "" where no method gave one."""
        return next((caption.text for caption in self.captions if caption.text), "")

    @property
    def has_random_weights(self) -> bool:
        """Whether what is told comes from random weights."""
        return any("random weight" in note.lower() for note, _ in self.notes)


def captions_by_clip(table: pa.Table) -> dict[str, ClipCaptions]:
    """Clip id → what is told of it, from rows of `asd_core.tables.CAPTIONS`.

    Raises:
        AsdError: the table lacks a column.
    """
    missing = [name for name in CAPTIONS.names if name not in table.column_names]
    if missing:
        raise AsdError(f"cannot report on the captions: column {missing[0]} is missing; pass a table of the store")
    clips: dict[str, list[Row]] = defaultdict(list)
    for row in table.select(CAPTIONS.names).to_pylist():
        clips[row["clip_id"]].append(row)
    return {clip_id: _of_clip(sorted(rows, key=_order)) for clip_id, rows in clips.items()}


def _order(row: Row) -> tuple[int, str, str]:
    method = row["method"]
    return (METHODS.index(method) if method in METHODS else len(METHODS), method, row["llm"])


def _of_clip(rows: Sequence[Row]) -> ClipCaptions:
    is_told = any(row["method"] == "acoustic" and not row["llm"] and not _is_error(row) for row in rows)
    asked = [row["findings"] for row in rows if row["findings"] and row["llm"]]
    findings = tuple(asked[0]) if asked and not is_told else ()
    return ClipCaptions(
        keys={name: rows[0][name] for name in ("clip_id", "uri", "machine_type", "machine_id", "date")},
        captions=tuple({caption.rating_key: caption for caption in map(_caption, rows)}.values()),
        descriptions=tuple(
            Descriptions(clip, normals, methods) for (clip, normals), methods in _alike(rows, _descriptions)
        ),
        similarities=tuple(Similarities(chart, methods) for chart, methods in _alike(rows, _chart)),
        findings=findings,
        notes=tuple(_alike(rows, lambda row: row["note"])),
        is_measured=is_told or bool(findings),
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
        return (
            "no LLM: measured against its nearest normal clips" if row["method"] == "acoustic" else "no LLM was asked"
        )
    parts = [row["llm"], f"prompt {row['prompt_version']}"]
    if row["attempts"] > 1:
        parts.append(counted(row["attempts"], "attempt"))
    if row["unknown"]:
        parts.append(f"{counted(row['unknown'], 'attempt')} of unknown outcome after a crash")
    return ", ".join(parts)


def _descriptions(row: Row) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    if row["clip_caption"] is None:
        return None
    pairs = zip(row["normal_uris"] or (), row["normal_captions"] or (), strict=False)
    return row["clip_caption"], tuple(pairs)


def _chart(row: Row) -> SimilarityChart | None:
    return draw_similarities(row["texts"] or (), row["similarities"] or (), row["normal_similarities"] or ())


def _alike(rows: Sequence[Row], told: Callable[[Row], T | None]) -> list[tuple[T, tuple[str, ...]]]:
    """What is told of the rows, each thing once, with the names of the methods that have it."""
    methods: dict[T, list[str]] = {}
    for row in rows:
        if (thing := told(row)) is not None and thing:
            methods.setdefault(thing, []).append(_name(row["method"]))
    return [(thing, tuple(names)) for thing, names in methods.items()]


def captioned_text(flagged_ids: Sequence[str], told: Mapping[str, ClipCaptions]) -> str:
    """How many of the flagged clips are explained, in one sentence; "" where no clip of the night was asked about."""
    if not told:
        return ""
    asked = [told[clip_id] for clip_id in flagged_ids if clip_id in told]
    explained = sum(bool(clip.text) for clip in asked)
    failed, left = len(asked) - explained, len(flagged_ids) - len(asked)
    words = f"{explained:,} of {counted(len(flagged_ids), 'flagged clip')} {_verb(explained, 'has', 'have')} a caption"
    words += f", {failed:,} could not be captioned" if failed else ""
    return words + (f", {left:,} {_verb(left, 'was', 'were')} not asked about" if left else "") + "."


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many
