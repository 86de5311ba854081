"""Scored nights at a glance: counts, alarms, captions and how long they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.captions.selection import clip_keys
from asd_core.clips.clip import UNDATED
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.alarm_marks import told_by
from asd_core.runs.night_links import reported
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store

_READ = ("tier", "state", "acknowledged", "clips", "flagged", "errors")
_FLAGGED = ("clip_id", "scorer_version", "is_flagged", "date")
_COUNTS = ("listed", "scored", "errors", "flagged")


@dataclass(frozen=True)
class AlarmCounts:
    """Machines of a night by what became of their alarms.

    Attributes:
        new: in alarm since this night.
        continuing: in alarm since an earlier one.
        cleared: whose alarm is over.
        acknowledged: whose alarm stays quiet for a label.
        watched: without an alarm, and watched.
    """

    new: int
    continuing: int
    cleared: int
    acknowledged: int
    watched: int


@dataclass(frozen=True)
class NightStatus:
    """A scored night at a glance.

    Attributes:
        date: of the night.
        run_id: of the run that scored it last.
        job: of this run.
        committed_at: when it was committed, ISO time.
        seconds: from its start to its commit; None where its record does not tell.
        listed: recordings of the night, of all runs.
        scored: of these.
        errors: of these.
        errors_by_reason: of the last run; empty where it scored other nights too.
        flagged: recordings above the threshold of their machine.
        alarms: as they are kept; None where they are not found since the night was scored.
        captions_waiting: flagged recordings without a caption; None where the KEY has no captions.
        has_report: there is a page of it.
    """

    date: str
    run_id: str
    job: str
    committed_at: str
    seconds: float | None
    listed: int
    scored: int
    errors: int
    errors_by_reason: dict[str, int]
    flagged: int
    alarms: AlarmCounts | None
    captions_waiting: int | None
    has_report: bool


def night_statuses(store: Store, key: str, nights: int) -> list[NightStatus]:
    """The last scored nights of a KEY, the newest first; clips without a date are a night where none has one."""
    runs = store.scored_dates(key)
    dated = sorted(runs.keys() - {UNDATED}, reverse=True)
    dates = (dated or sorted(runs))[:nights]
    alarms = _kept_alarms(store, key, {date: runs[date] for date in dates})
    there = set(reported(store, key, dates))
    waiting = _waiting(store, key, dates) if store.entries(("caption",), key) else {}
    return [
        _status(
            date,
            store.record(runs[date][0]),
            runs[date][0],
            alarms.get(date),
            waiting.get(date),
            date in there,
        )
        for date in dates
    ]


def _status(
    date: str,
    record: Mapping[str, Any],
    run: RunEntry,
    alarms: pa.Table | None,
    waiting: int | None,
    has_report: bool,
) -> NightStatus:
    counts: Mapping[str, Any] = record.get("counts", {})
    told = {name: _whole(counts.get(name)) for name in _COUNTS}
    if alarms is not None:  # these are of this night alone, and of all runs that scored it
        sums = {name: int(pc.sum(alarms[name]).as_py() or 0) for name in ("clips", "flagged", "errors")}
        told = {"listed": sums["clips"] + sums["errors"], "scored": sums["clips"], **sums}
    is_alone = len(record.get("dates", ())) == 1
    return NightStatus(
        date,
        run.run_id,
        run.job,
        run.committed_at,
        seconds_of(record),
        told["listed"],
        told["scored"],
        told["errors"],
        errors_by_reason(counts) if is_alone else {},
        told["flagged"],
        None if alarms is None else _alarm_counts(alarms),
        waiting,
        has_report,
    )


def errors_by_reason(counts: Mapping[str, Any]) -> dict[str, int]:
    """How many errors of each reason the counts of a record tell."""
    told = counts.get("errors_by_reason")
    return {str(reason): _whole(count) for reason, count in told.items()} if isinstance(told, dict) else {}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def seconds_of(record: Mapping[str, Any]) -> float | None:
    """Seconds from a run's start to its commit; those of its work where it does not tell its start."""
    try:
        begun, ended = (datetime.fromisoformat(record[name]) for name in ("started_at", "committed_at"))
        return round((ended - begun).total_seconds(), 3)
    except (KeyError, ValueError, TypeError):
        seconds = record.get("seconds")
        return round(float(sum(seconds.values())), 3) if seconds else None


def _kept_alarms(store: Store, key: str, runs: Mapping[str, list[RunEntry]]) -> dict[str, pa.Table]:
    """Date → its kept alarms, of the nights that were not scored again since."""
    kept = store.kept_alarms(key, list(runs), _READ)
    current = {date: told_by(AlarmConfig(), runs[date], {}, date)["scores"] for date in runs}
    return {date: night.rows for date, night in kept.items() if night.is_made_of({"scores": current[date]})}


def _alarm_counts(rows: pa.Table) -> AlarmCounts:
    in_alarm, quiet = pc.equal(rows["tier"], "act"), pc.fill_null(rows["acknowledged"], False)
    watched = pc.and_(pc.equal(rows["tier"], "watch"), pc.invert(quiet))

    def number(mask: pa.ChunkedArray) -> int:
        return int(pc.sum(pc.fill_null(mask, False)).as_py() or 0)

    return AlarmCounts(
        number(pc.and_(in_alarm, pc.equal(rows["state"], "new"))),
        number(pc.and_(in_alarm, pc.equal(rows["state"], "continuing"))),
        number(pc.equal(rows["state"], "cleared")),
        number(pc.and_(pc.equal(rows["tier"], "watch"), quiet)),
        number(watched),
    )


def _waiting(store: Store, key: str, dates: Sequence[str]) -> dict[str, int]:
    """Date → flagged clips of the night whose score no caption explains."""
    scores = store.scores(key, dates, _FLAGGED)
    flagged = scores.filter(pc.fill_null(scores["is_flagged"], False))
    captions = store.captions(key, dates)
    explained = set(clip_keys(captions.filter(pc.is_valid(captions["difference_caption"]))))
    rows = zip(clip_keys(flagged), flagged["date"].to_pylist(), strict=True)
    return dict.fromkeys(dates, 0) | Counter(date for clip, date in rows if clip not in explained)
