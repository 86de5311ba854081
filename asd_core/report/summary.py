"""From the rows of a night to what the page says: machines in the order of how wrong they sound, errors by reason."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from asd_core.errors import AsdError
from asd_core.report.chart import HistoryChart, draw_history
from asd_core.report.night import MachineRecord, Night
from asd_core.report.words import machine_name, name_hash

Row = Mapping[str, Any]
State = Literal["flagged", "normal", "unusable", "silent"]

_HISTORY = ("machine_type", "machine_id", "date", "anomaly_score", "decision_threshold", "is_flagged")
_TONIGHT = (*_HISTORY, "uri", "recorded_at", "error_reason", "error", "warning", "p_value")
_NEAREST = ("nearest_uris", "nearest_distances")
_NAMES_PER_GROUP = 200  # what a page can hold of 100,000 clips that failed for one reason


@dataclass(frozen=True)
class FlaggedClip:
    """A clip above its threshold; ``excess`` is None where the machine's median unseen score is not known."""

    uri: str
    machine: str
    anchor: str
    recorded_at: str
    anomaly_score: float
    decision_threshold: float | None
    excess: float | None
    p_value: float | None
    nearest: tuple[tuple[str, float], ...]
    warning: str | None


@dataclass(frozen=True)
class MachineNight:
    """One machine this night; ``flagged`` has the worst clip first."""

    name: str
    anchor: str
    state: State
    record: MachineRecord | None
    n_clips: int
    n_scored: int
    n_errors: int
    flagged: tuple[FlaggedClip, ...]
    share_flagged: float
    expected_flagged: float | None
    worst_score: float | None
    worst_excess: float | None
    decision_threshold: float | None
    history: HistoryChart | None


@dataclass(frozen=True)
class Group:
    """Clips with one reason (of an error) or one text (of a warning), by machine, the most first.

    Attributes:
        title: the reason or text.
        count: of all clips.
        machines: machine, its count, and the uri and message of its clips, at most 200 of them.
    """

    title: str
    count: int
    machines: tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class Summary:
    """What the page says before any sound is heard."""

    n_listed: int
    n_scored: int
    n_errors: int
    flagged: tuple[FlaggedClip, ...]
    machines: tuple[MachineNight, ...]
    errors: tuple[Group, ...]
    warnings: tuple[Group, ...]

    def in_state(self, state: State) -> list[MachineNight]:
        """The machines in one state, in the page's order."""
        return [machine for machine in self.machines if machine.state == state]

    @property
    def n_heard(self) -> int:
        """Machines with at least one scored clip."""
        return sum(machine.n_scored > 0 for machine in self.machines)


def summarise(night: Night) -> Summary:
    """Sum up a night. The machines come in the order of the share of their clips flagged, then of the worst excess.

    Raises:
        AsdError: a table lacks a column.
    """
    rows = _rows(night.scores, _TONIGHT + _NEAREST, "scores")
    earlier = _by_machine(_rows(night.history, _HISTORY, "history"))
    tonight = _by_machine(rows)
    records = {(record.machine_type, record.machine_id): record for record in night.machines}
    machines = [
        _machine(machine, records.get(machine), tonight.get(machine, []), earlier.get(machine, []), night.date)
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
        errors=_groups([row for row in rows if not _is_scored(row)], "error_reason", "error"),
        warnings=_groups([row for row in rows if row["warning"]], "warning", ""),
    )


def excess(score: float, threshold: float | None, median: float | None) -> float | None:
    """How far beyond the threshold a score lies, in distances of the threshold from the median of unseen normals.

    (score - threshold) / (threshold - median): 0 at the threshold, -1 at the median of normal clips, 1 where a
    clip is twice as far from that median as the threshold is. None where that distance is unknown or not positive.
    """
    if threshold is None or median is None or not threshold > median:
        return None
    return (score - threshold) / (threshold - median)


def worst_first(clip: FlaggedClip) -> tuple[float, float, str]:
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
    machine: tuple[str, str], record: MachineRecord | None, rows: Sequence[Row], earlier: Sequence[Row], date: str
) -> MachineNight:
    name, anchor = machine_name(*machine), "machine-" + name_hash(*machine)
    scored = [row for row in rows if _is_scored(row)]
    flagged = [_flagged_clip(row, name, anchor, record) for row in scored if row["is_flagged"]]
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
        flagged=tuple(sorted(flagged, key=worst_first)),
        share_flagged=len(flagged) / len(scored) if scored else 0.0,
        expected_flagged=None if rate is None or not scored else rate * len(scored),
        worst_score=worst_score,
        worst_excess=None if worst_score is None else excess(worst_score, threshold, median),
        decision_threshold=threshold,
        history=draw_history([row for row in earlier if row["date"] != date], scored, date),
    )


def _state(rows: Sequence[Row], scored: Sequence[Row], flagged: Sequence[FlaggedClip]) -> State:
    if flagged:
        return "flagged"
    if scored:
        return "normal"
    return "unusable" if rows else "silent"


def _flagged_clip(row: Row, machine: str, anchor: str, record: MachineRecord | None) -> FlaggedClip:
    recorded_at = row["recorded_at"]
    uris, distances = row["nearest_uris"] or [], row["nearest_distances"] or []
    median = record.median_unseen_score if record else None
    return FlaggedClip(
        uri=row["uri"],
        machine=machine,
        anchor=anchor,
        recorded_at=f"{recorded_at:%Y-%m-%d %H:%M} UTC" if recorded_at else "",
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


def _groups(rows: Sequence[Row], title: str, message: str) -> tuple[Group, ...]:
    by_title: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_title[row[title] or "no_score"].append(row)
    groups = [Group(text, len(found), _group_machines(found, message)) for text, found in by_title.items()]
    return tuple(sorted(groups, key=lambda group: (-group.count, group.title)))


def _group_machines(rows: Sequence[Row], message: str) -> tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...]:
    counts = Counter(machine_name(row["machine_type"], row["machine_id"]) for row in rows)
    left = _NAMES_PER_GROUP
    clips: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["uri"]):
        if left == 0:
            break
        name = machine_name(row["machine_type"], row["machine_id"])
        clips[name].append((row["uri"], (row[message] or "") if message else ""))
        left -= 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, number, tuple(clips[name])) for name, number in ordered)
