"""A night summed up: its machines in the order of how wrong they sound, and its errors by reason."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from asd_core.audio.places import place
from asd_core.digest import name_hash
from asd_core.pages.night.contents import Judgement, MachineRecord, Night, Row, rows_of
from asd_core.pages.night.history_chart import HistoryChart, draw_history
from asd_core.pages.night.problems import Problem, group_problems
from asd_core.readable import machine_name

State = Literal["flagged", "normal", "unusable", "silent"]

_HISTORY = ("machine_type", "machine_id", "date", "anomaly_score", "decision_threshold", "is_flagged")
_TONIGHT = (*_HISTORY, "clip_id", "uri", "recorded_at", "error_reason", "error", "warning", "p_value")
_NEAREST = ("nearest_uris", "nearest_distances")
_SEGMENTS = ("segment_start", "segments", "nearest_starts", "seconds", "decided_by")


@dataclass(frozen=True)
class ScoredClip:
    """A scored clip that the page shows: above its threshold, or captioned all the same.

    ``excess`` is None where the machine's median unseen score is not known. ``segment_start`` is that of the segment
    with the highest score, s; it, ``segments`` and ``nearest_starts`` are empty where whole clips were scored.
    ``decided_by`` is the member of an ensemble with the largest part in the score.
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

    @property
    def place(self) -> str:
        """The place of the clip, or of its worst segment."""
        return place(self.uri, self.segment_start)

    @property
    def nearest_places(self) -> tuple[str, ...]:
        """The places of the nearest normal clips or segments, nearest first."""
        starts = self.nearest_starts or (None,) * len(self.nearest)
        return tuple(place(uri, start) for (uri, _), start in zip(self.nearest, starts, strict=True))


@dataclass(frozen=True)
class MachineNight:
    """One machine this night; ``flagged`` and, of the clips with a caption, ``others`` have the worst clip first."""

    name: str
    anchor: str
    record: MachineRecord | None
    n_clips: int
    n_scored: int
    flagged: tuple[ScoredClip, ...]
    others: tuple[ScoredClip, ...]
    worst_score: float | None
    worst_excess: float | None
    decision_threshold: float | None
    history: HistoryChart | None
    judgement: Judgement | None = None

    @property
    def state(self) -> State:
        """``unusable`` is a machine with clips of which none could be scored, ``silent`` one without a clip."""
        if self.n_scored:
            return "flagged" if self.flagged else "normal"
        return "unusable" if self.n_clips else "silent"

    @property
    def n_errors(self) -> int:
        """The clips that could not be scored."""
        return self.n_clips - self.n_scored

    @property
    def expected_flagged(self) -> float | None:
        """The clips to be flagged by chance if the machine is normal; None where its false-alarm rate is unknown."""
        rate = self.record.false_alarm_rate if self.record else None
        return None if rate is None or not self.n_scored else rate * self.n_scored

    @property
    def rank(self) -> tuple[float, int, float, float, str]:
        """Sort key: alarms and watched machines by evidence, then by state, share of clips flagged and worst excess."""
        judged = self.judgement
        place = judged.place if judged and judged.tier in ("act", "watch") else math.inf
        state = ("flagged", "normal", "unusable", "silent").index(self.state)
        worst = self.worst_excess if self.worst_excess is not None else -math.inf
        return (place, state, -len(self.flagged) / max(self.n_scored, 1), -worst, self.name)


@dataclass(frozen=True)
class Summary:
    """The counts of a night, its machines in the order of how wrong they sound, and its problems by reason."""

    n_listed: int
    n_scored: int
    flagged: tuple[ScoredClip, ...]
    machines: tuple[MachineNight, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def n_errors(self) -> int:
        """The clips that could not be scored."""
        return self.n_listed - self.n_scored

    @property
    def n_heard(self) -> int:
        """The machines with at least one scored clip."""
        return sum(machine.n_scored > 0 for machine in self.machines)

    def in_state(self, state: State) -> list[MachineNight]:
        """The machines in one state, in the page's order."""
        return [machine for machine in self.machines if machine.state == state]


def summarise(night: Night, captioned: Collection[str] = ()) -> Summary:
    """Sum up a night. Machines come by the evidence of their alarms, then by the share of their clips flagged.

    Args:
        night: the night to report.
        captioned: ids of clips that have a caption, and so are shown even where they are not flagged.

    Raises:
        AsdError: a table lacks a column.
    """
    rows = rows_of(night.scores, _TONIGHT + _NEAREST + _SEGMENTS, "scores")
    earlier = _by_machine(row for row in rows_of(night.history, _HISTORY, "history") if row["date"] != night.date)
    tonight = _by_machine(rows)
    records = {(record.machine_type, record.machine_id): record for record in night.machines}
    machines = [
        _machine(key, records.get(key), tonight[key], earlier[key], night, captioned)
        for key in sorted(records.keys() | tonight.keys())
    ]
    errors = [row for row in rows if not _is_scored(row)]
    return Summary(
        n_listed=len(rows),
        n_scored=len(rows) - len(errors),
        flagged=tuple(sorted((clip for machine in machines for clip in machine.flagged), key=worst_first)),
        machines=tuple(sorted(machines, key=lambda machine: machine.rank)),
        errors=group_problems(errors, "error_reason", "error"),
        warnings=group_problems([row for row in rows if row["warning"]], "warning", ""),
    )


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


def _by_machine(rows: Iterable[Row]) -> Mapping[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["machine_type"], row["machine_id"]].append(row)
    return groups


def _is_scored(row: Row) -> bool:
    return row["anomaly_score"] is not None and row["error_reason"] is None


def _machine(
    key: tuple[str, str],
    record: MachineRecord | None,
    rows: Sequence[Row],
    earlier: Sequence[Row],
    night: Night,
    captioned: Collection[str],
) -> MachineNight:
    name = machine_name(*key)
    median = record.median_unseen_score if record else None
    scored = [row for row in rows if _is_scored(row)]
    shown = [row for row in scored if row["is_flagged"] or row["clip_id"] in captioned]
    clips = sorted((_scored_clip(row, name, median) for row in shown), key=worst_first)
    worst = max(scored, key=lambda row: row["anomaly_score"], default=None)
    worst_score = worst["anomaly_score"] if worst else None
    threshold = record.decision_threshold if record else None
    if worst is not None and worst["decision_threshold"] is not None:
        threshold = worst["decision_threshold"]
    return MachineNight(
        name=name,
        anchor="machine-" + name_hash(*key),
        record=record,
        n_clips=len(rows),
        n_scored=len(scored),
        flagged=tuple(clip for clip in clips if clip.is_flagged),
        others=tuple(clip for clip in clips if not clip.is_flagged),
        worst_score=worst_score,
        worst_excess=None if worst_score is None else excess(worst_score, threshold, median),
        decision_threshold=threshold,
        history=draw_history(earlier, scored, night.date),
        judgement=night.judgements.get(key),
    )


def _scored_clip(row: Row, machine: str, median: float | None) -> ScoredClip:
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
    )
