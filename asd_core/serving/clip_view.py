"""All that the page of a clip shows but its sounds: the clip, its machine's night, captions, labels, parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.audio.listening import ALL, LONGEST_SECONDS, Heard
from asd_core.audio.places import place
from asd_core.captions.selection import clip_keys
from asd_core.errors import AsdError
from asd_core.pages.night.captions import ClipCaptions, captions_by_clip
from asd_core.pages.night.contents import Judgement
from asd_core.pages.night.scored_clip import ScoredClip, scored_clip
from asd_core.pages.night.tier_words import Status, status_of
from asd_core.pipeline.decoding import heard_by
from asd_core.pipeline.stored_keys import recipe_of
from asd_core.pipeline.stored_scorers import stored_head
from asd_core.pipeline.type_scorers import scorer_place
from asd_core.readable import machine_name
from asd_core.recipe.recipe import Recipe
from asd_core.serving.clip_sounds import SoundRequest
from asd_core.serving.scored_clips import FoundClip
from asd_core.serving.segment_course import SegmentScore
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.store import Store

_MOST_PARTS = 48


@dataclass(frozen=True)
class Part:
    """A part of a long recording that can be heard.

    Attributes:
        start: s from the beginning of the recording; None for a recording that was scored from its beginning.
        at: the same in s, for people.
        is_worst: it is the part with the highest score, or the part that was scored.
        is_shown: it is the one that the page plays.
        is_above: a segment that begins in it is above the recording's threshold.
    """

    start: float | None
    at: float
    is_worst: bool
    is_shown: bool
    is_above: bool = False


@dataclass(frozen=True)
class ClipView:
    """The page of a clip.

    Attributes:
        found: the clip's row, and where it stands.
        machine: the machine's name for people.
        recipe: name of the recipe.
        clip: the scored clip; None for one that has no score.
        error: why it has none; "" for a scored one.
        status: the alarm of its machine's night in words; None where it was not judged.
        sentence: the same as a sentence; "" likewise.
        judgement: the same for `remark_on`.
        captions: its difference captions; None for none.
        sound: the part to be heard; None where nothing can be.
        parts: of a recording longer than that; () otherwise.
        course: the scores of its segments; () where there is one, or they are not known any more.
    """

    found: FoundClip
    machine: str
    recipe: str
    clip: ScoredClip | None
    error: str
    status: Status | None
    sentence: str
    judgement: Judgement | None
    captions: ClipCaptions | None
    sound: SoundRequest | None
    parts: tuple[Part, ...] = ()
    course: tuple[SegmentScore, ...] = ()


def clip_view(
    store: Store,
    found: FoundClip,
    kept: KeptNight | None,
    start: float | None = None,
    course: tuple[SegmentScore, ...] = (),
) -> ClipView:
    """Put together what the page of a clip shows.

    Args:
        store: where captions and scorers are.
        found: the clip.
        kept: the alarms of its night; None where they are not known.
        start: of the part to hear, s from the beginning; None for the part with the highest score. One beyond the end
            counts as None.
        course: the scores of its segments, see `asd_core.serving.segment_course`.

    Raises:
        AsdError: a file of the store that it needs is broken.
    """
    row = found.row
    machine = machine_name(row["machine_type"], row["machine_id"])
    record = store.record(found.run)
    recipe = recipe_of(record)
    judgement, sentence = _judgement(found, kept)
    clip = None if row["anomaly_score"] is None else _scored(store, found, machine)
    captions = _captions(store, found)
    sound: SoundRequest | None = None
    parts: tuple[Part, ...] = ()
    if clip is not None:
        heard = _heard(recipe, row["machine_type"])
        if start is not None and not 0 <= start < (row["seconds"] or 0):
            start = None
        sound = _sound(clip, heard, start, captions)
        parts = _parts(row, heard, start, [one.start for one in course if one.is_above])
    return ClipView(
        found=found,
        machine=machine,
        recipe=str(record.get("recipe", {}).get("name", found.key)),
        clip=clip,
        error="" if clip else f"{row['error_reason']}: {row['error']}",
        status=None if judgement is None else status_of(judgement, "normal"),
        sentence=sentence,
        judgement=judgement,
        captions=captions,
        sound=sound,
        parts=parts,
        course=course,
    )


def _scored(store: Store, found: FoundClip, machine: str) -> ScoredClip:
    row = found.row
    head: Mapping[str, Any] = {}
    with suppress(AsdError, OSError):  # a scorer that was removed: the clip is told without its excess
        names = (row["machine_type"], row["machine_id"], row["scorer_version"])
        head = stored_head(store, *scorer_place(found.key, *names))
    return scored_clip(row, machine, head.get("median_unseen_score"), len(head.get("lenders") or head.get("uris", ())))


def _judgement(found: FoundClip, kept: KeptNight | None) -> tuple[Judgement | None, str]:
    """The tier of the machine's night as it was kept, with its sentence."""
    if kept is None:
        return None, ""
    rows, own = kept.rows, found.row
    same = pc.and_(pc.equal(rows["machine_type"], own["machine_type"]), pc.equal(rows["machine_id"], own["machine_id"]))
    for row in rows.filter(same).to_pylist():
        told = Judgement(
            row["tier"],
            0,
            row["sentence"],
            row["state"] or "",
            row["nights_in_alarm"] or 0,
            label=row["label"] or "",
            is_acknowledged=bool(row["acknowledged"]),
        )
        return told, row["sentence"]
    return None, ""


def _captions(store: Store, found: FoundClip) -> ClipCaptions | None:
    """The captions of this very score, not those that an earlier scorer gave the same clip."""
    table = store.captions(found.key, [found.date])
    own = table.filter(pc.equal(table["clip_id"], found.row["clip_id"]))
    scored = pa.table({name: [found.row[name]] for name in ("clip_id", "scorer_version")})
    (key,) = clip_keys(scored)
    own = own.filter(pa.array([one == key for one in clip_keys(own)], pa.bool_()))
    return captions_by_clip(own).get(found.row["clip_id"])


def _heard(recipe: Recipe | None, machine_type: str) -> Heard:
    return ALL if recipe is None else heard_by(recipe.for_machine(machine_type).encoder)


def _sound(clip: ScoredClip, heard: Heard, start: float | None, captions: ClipCaptions | None) -> SoundRequest:
    own = clip.place if start is None else place(clip.uri, start)
    is_described = captions is not None and captions.is_measured
    if start is not None:  # a part that was not scored by itself is heard from where it begins
        heard = replace(heard, seconds=_part_seconds(heard))
    return SoundRequest(own, clip.nearest_places, heard, is_described)


def _part_seconds(heard: Heard) -> float:
    return min(heard.seconds or LONGEST_SECONDS, LONGEST_SECONDS)


def _parts(row: Mapping[str, Any], heard: Heard, start: float | None, above: Sequence[float]) -> tuple[Part, ...]:
    """The parts of a recording that does not fit into one; of a very long one every second, third, ... of them.

    Args:
        row: of the recording.
        heard: the part that was scored, or each segment.
        start: of the part that is played; None for the worst.
        above: starts of the segments above the threshold, s.
    """
    seconds, length = row["seconds"] or 0.0, _part_seconds(heard)
    if seconds <= 1.05 * length:
        return ()
    count = math.ceil(seconds / length)
    step = length * math.ceil(count / _MOST_PARTS)
    worst = row["segment_start"] or 0.0
    starts = [number * step for number in range(math.ceil(seconds / step))]
    shown = worst if start is None else start
    places = sorted({*starts, worst, shown})
    ends = [*places[1:], seconds]
    return tuple(
        Part(None if at == worst else at, at, at == worst, at == shown, any(at <= one < end for one in above))
        for at, end in zip(places, ends, strict=True)
    )
