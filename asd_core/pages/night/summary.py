"""From the rows of a night to what the page says: machines in the order of how wrong they sound, errors by reason."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from asd_core.digest import name_hash
from asd_core.errors import AsdError
from asd_core.pages.night.contents import MachineRecord, Night
from asd_core.pages.night.history_chart import HistoryChart, draw_history
from asd_core.pages.night.problems import Problem, group_problems
from asd_core.readable import machine_name

Row = Mapping[str, Any]
State = Literal["flagged", "normal", "unusable", "silent"]

_HISTORY = ("machine_type", "machine_id", "date", "anomaly_score", "decision_threshold", "is_flagged")
_TONIGHT = (*_HISTORY, "clip_id", "uri", "recorded_at", "error_reason", "error", "warning", "p_value")
_NEAREST = ("nearest_uris", "nearest_distances")


@dataclass(frozen=True)
class ScoredClip:
    """A scored clip that the page shows: above its threshold, or captioned all the same.

    ``excess`` is None where the machine's median unseen score is not known.
    """

    clip_id: str
    uri: str
    machine: str
    anchor: str
    recorded_at: str
    is_flagged: bool
    anomaly_score: float
    decision_threshold: float | None
    excess: float | None
    p_value: float | None
    nearest: tuple[tuple[str, float], ...]
    warning: str | None


@dataclass(frozen=True)
class MachineNight:
    """One machine this night; ``flagged`` and, of the clips with a caption, ``others`` have the worst clip first."""

    name: str
    anchor: str
    state: State
    record: MachineRecord | None
    n_clips: int
    n_scored: int
    n_errors: int
    flagged: tuple[ScoredClip, ...]
    others: tuple[ScoredClip, ...]
    share_flagged: float
    expected_flagged: float | None
    worst_score: float | None
    worst_excess: float | None
    decision_threshold: float | None
    history: HistoryChart | None


@dataclass(frozen=True)
class Summary:
    """What the page says before any sound is heard."""

    n_listed: int
    n_scored: int
    n_errors: int
    flagged: tuple[ScoredClip, ...]
    machines: tuple[MachineNight, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def in_state(self, state: State) -> list[MachineNight]:
        """The machines in one state, in the page's order."""
        return [machine for machine in self.machines if machine.state == state]

    @property
    def n_heard(self) -> int:
        """Machines with at least one scored clip."""
        return sum(machine.n_scored > 0 for machine in self.machines)


def summarise(night: Night, captioned: Collection[str] = ()) -> Summary:
    """Sum up a night. The machines come in the order of the share of their clips flagged, then of the worst excess.

    Args:
        night: what to report.
        captioned: ids of clips that have a caption, and so are shown even where they are not flagged.

    Raises:
        AsdError: a table lacks a column.
    """
    rows = _rows(night.scores, _TONIGHT + _NEAREST, "scores")
    earlier = _by_machine(_rows(night.history, _HISTORY, "history"))
    tonight = _by_machine(rows)
    records = {(record.machine_type, record.machine_id): record for record in night.machines}
    machines = [
        _machine(
            machine, records.get(machine), tonight.get(machine, []), earlier.get(machine, []), night.date, captioned
        )
        for machine in sorted(records.keys() | tonight.keys())
    ]
    machines.sort(key=_how_wrong)
    flagged = sorted((clip for machine in machines for clip in machine.flagged), key=worst_first)
    return Summary(
        n_listed=len(rows),
        n_scored=sum(_is_scored(row) for row in rows),
        n_errors=sum(not _is_scored(row) for row in rows),
        flagged=tuple(flagged),
        machines=tuple(machines),
        errors=group_problems([row for row in rows if not _is_scored(row)], "error_reason", "error"),
        warnings=group_problems([row for row in rows if row["warning"]], "warning", ""),
    )


def excess(score: float, threshold: float | None, median: float | None) -> float | None:
    """How far beyond the threshold a score lies, in distances of the threshold from the median of unseen normals.

    (score - threshold) / (threshold - median): 0 at the threshold, -1 at the median of normal clips, 1 where a
    clip is twice as far from that median as the threshold is. None where that distance is unknown or not positive.
    """
    if threshold is None or median is None or not threshold > median:
        return None
    return (score - threshold) / (threshold - median)


def worst_first(clip: ScoredClip) -> tuple[float, float, str]:
    """Sort key: by excess, those of unknown excess last, then by score."""
    return (-clip.excess if clip.excess is not None else math.inf, -clip.anomaly_score, clip.uri)


def _rows(table: pa.Table, columns: Sequence[str], name: str) -> list[Row]:
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise AsdError(f"cannot report on the {name}: column {missing[0]} is missing; pass a table of the store")
    return table.select(list(columns)).to_pylist()  # type: ignore[no-any-return]


def _by_machine(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["machine_type"], row["machine_id"]].append(row)
    return groups


def _is_scored(row: Row) -> bool:
    return row["anomaly_score"] is not None and row["error_reason"] is None


def _machine(
    machine: tuple[str, str],
    record: MachineRecord | None,
    rows: Sequence[Row],
    earlier: Sequence[Row],
    date: str,
    captioned: Collection[str],
) -> MachineNight:
    name, anchor = machine_name(*machine), "machine-" + name_hash(*machine)
    scored = [row for row in rows if _is_scored(row)]
    shown = [row for row in scored if row["is_flagged"] or row["clip_id"] in captioned]
    clips = sorted((_scored_clip(row, name, anchor, record) for row in shown), key=worst_first)
    flagged = tuple(clip for clip in clips if clip.is_flagged)
    worst = max(scored, key=lambda row: row["anomaly_score"], default=None)
    threshold = record.decision_threshold if record else None
    if worst is not None and worst["decision_threshold"] is not None:
        threshold = worst["decision_threshold"]
    worst_score = worst["anomaly_score"] if worst else None
    median = record.median_unseen_score if record else None
    rate = record.false_alarm_rate if record else None
    return MachineNight(
        name=name,
        anchor=anchor,
        state=_state(rows, scored, flagged),
        record=record,
        n_clips=len(rows),
        n_scored=len(scored),
        n_errors=len(rows) - len(scored),
        flagged=flagged,
        others=tuple(clip for clip in clips if not clip.is_flagged),
        share_flagged=len(flagged) / len(scored) if scored else 0.0,
        expected_flagged=None if rate is None or not scored else rate * len(scored),
        worst_score=worst_score,
        worst_excess=None if worst_score is None else excess(worst_score, threshold, median),
        decision_threshold=threshold,
        history=draw_history([row for row in earlier if row["date"] != date], scored, date),
    )


def _state(rows: Sequence[Row], scored: Sequence[Row], flagged: Sequence[ScoredClip]) -> State:
    if flagged:
        return "flagged"
    if scored:
        return "normal"
    return "unusable" if rows else "silent"


def _scored_clip(row: Row, machine: str, anchor: str, record: MachineRecord | None) -> ScoredClip:
    recorded_at = row["recorded_at"]
    uris, distances = row["nearest_uris"] or [], row["nearest_distances"] or []
    median = record.median_unseen_score if record else None
    return ScoredClip(
        clip_id=row["clip_id"],
        uri=row["uri"],
        machine=machine,
        anchor=anchor,
        recorded_at=f"{recorded_at:%Y-%m-%d %H:%M} UTC" if recorded_at else "",
        is_flagged=bool(row["is_flagged"]),
        anomaly_score=row["anomaly_score"],
        decision_threshold=row["decision_threshold"],
        excess=excess(row["anomaly_score"], row["decision_threshold"], median),
        p_value=row["p_value"],
        nearest=tuple(zip(uris, distances, strict=True)),
        warning=row["warning"],
    )


def _how_wrong(machine: MachineNight) -> tuple[int, float, float, str]:
    heard = ("flagged", "normal", "unusable", "silent").index(machine.state)
    worst = machine.worst_excess if machine.worst_excess is not None else -math.inf
    return (heard, -machine.share_flagged, -worst, machine.name)
