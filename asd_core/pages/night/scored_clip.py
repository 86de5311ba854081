"""A scored clip of a report, with its figures and its p-value in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from asd_core.alarms.clip_certainty import clip_p
from asd_core.audio.places import place
from asd_core.pages.night.contents import Row
from asd_core.pages.number_format import MISSING
from asd_core.pipeline.type_scorers import is_borrowed

CERTAINTY = ("p_floor", "scorer_version")
NEAREST = ("nearest_uris", "nearest_distances")
SEGMENTS = ("segment_start", "segments", "nearest_starts", "seconds", "decided_by")


@dataclass(frozen=True)
class ScoredClip:
    """A scored clip that the page shows: above its threshold, or captioned all the same.

    ``excess`` is None where the machine's median unseen score is not known. ``segment_start`` is that of the segment
    with the highest score, s; it, ``segments`` and ``nearest_starts`` are empty where whole clips were scored.
    ``decided_by`` is the member of an ensemble with the largest part in the score. ``normals`` counts the normal clips
    that the p-value is a share of, or the machines of its type if it ``is_borrowed``; 0 where that is not known.
    ``label`` is what a person called the clip, in words.
    """

    clip_id: str
    uri: str
    machine: str
    recorded_at: str
    is_flagged: bool
    anomaly_score: float
    decision_threshold: float | None
    excess: float | None
    p_value: float | None
    nearest: tuple[tuple[str, float], ...]
    warning: str | None
    segment_start: float | None = None
    segments: int | None = None
    nearest_starts: tuple[float, ...] = ()
    seconds: float | None = None
    decided_by: str | None = None
    normals: int = 0
    is_borrowed: bool = False
    label: str = ""

    @property
    def place(self) -> str:
        """The place of the clip, or of its worst segment."""
        return place(self.uri, self.segment_start)

    @property
    def nearest_places(self) -> tuple[str, ...]:
        """The places of the nearest normal clips or segments, nearest first."""
        starts = self.nearest_starts or (None,) * len(self.nearest)
        return tuple(place(uri, start) for (uri, _), start in zip(self.nearest, starts, strict=True))

    @property
    def p_in_words(self) -> str:
        """The p-value, told as the smallest possible one where it is; a dash without one."""
        return MISSING if self.p_value is None else clip_p(self.p_value, self.normals, is_borrowed=self.is_borrowed)


def excess(score: float, threshold: float | None, median: float | None) -> float | None:
    """How far a score lies above the threshold, in distances of the threshold from the median of unseen normals.

    (score - threshold) / (threshold - median): 0 at the threshold, -1 at the median of normal clips, 1 where a
    clip is twice as far from that median as the threshold is. None where that distance is unknown or not positive.
    """
    if threshold is None or median is None or not threshold > median:
        return None
    return (score - threshold) / (threshold - median)


def worst_first(clip: ScoredClip) -> tuple[float, float, str]:
    """Sort key: by excess, those of unknown excess last, then by score."""
    return (-clip.excess if clip.excess is not None else math.inf, -clip.anomaly_score, clip.uri)


def scored_clip(row: Row, machine: str, median: float | None, normals: int) -> ScoredClip:
    """The clip of a row that has a score.

    Args:
        row: of SCORES.
        machine: name of the machine.
        median: of the machine's unseen scores; None where unknown.
        normals: clips that it learnt from, which counts where the row does not tell the smallest p; 0 where unknown.
    """
    recorded_at = row["recorded_at"]
    return ScoredClip(
        clip_id=row["clip_id"],
        uri=row["uri"],
        machine=machine,
        recorded_at=f"{recorded_at:%Y-%m-%d %H:%M} UTC" if recorded_at else "",
        is_flagged=bool(row["is_flagged"]),
        anomaly_score=row["anomaly_score"],
        decision_threshold=row["decision_threshold"],
        excess=excess(row["anomaly_score"], row["decision_threshold"], median),
        p_value=row["p_value"],
        nearest=tuple(zip(row["nearest_uris"] or (), row["nearest_distances"] or (), strict=True)),
        warning=row["warning"],
        segment_start=row["segment_start"],
        segments=row["segments"],
        nearest_starts=tuple(row["nearest_starts"] or ()),
        seconds=row["seconds"],
        decided_by=row["decided_by"],
        normals=round(1 / row["p_floor"]) - 1 if row["p_floor"] else normals,
        is_borrowed=is_borrowed(row["scorer_version"]),
    )
