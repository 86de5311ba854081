"""One machine over the nights, as it is committed: its clips, its alarms, and what people said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.labelled_nights import in_words
from asd_core.pages.fleet.contents import Cell
from asd_core.pages.night.contents import Row
from asd_core.readable import clip_name
from asd_core.serving.clip_pages import clip_address
from asd_core.serving.filters import night_link
from asd_core.serving.fleet_memory import FleetMemory, Machine
from asd_core.store.layout import night_path
from asd_core.store.many_files import read_present
from asd_core.store.night_files import night_rows
from asd_core.store.store import Store

_MACHINE = ("machine_type", "machine_id")
DRAWN = ("date", "anomaly_score", "decision_threshold", "is_flagged")
"""Columns of a chart of clips."""

LISTED = (*DRAWN, "clip_id", "uri", "recorded_at", "p_value")
"""Columns of a list of clips."""

_NIGHTS_AT_ONCE = 4  # whose files are held


@dataclass(frozen=True)
class Episode:
    """Nights in a row on which a machine was in alarm, acknowledged ones too.

    Attributes:
        first: night.
        last: night.
        nights: how many were judged to be so.
        goes_on: it is not over by the newest night.
        acknowledged: a person had called it a fault or to be ignored by its last night.
    """

    first: str
    last: str
    nights: int
    goes_on: bool
    acknowledged: bool


@dataclass(frozen=True)
class Said:
    """An answer of a person on the machine: on a clip where ``clip`` names one, else on a night."""

    date: str
    link: str
    clip: str
    words: str
    at: str


def episodes(dates: Sequence[str], cells: NDArray[np.uint8]) -> list[Episode]:
    """The alarms of a machine, the newest first; a night on which it was not heard ends none.

    Args:
        dates: (T,) ascending.
        cells: (T,) a `Cell` each.
    """
    heard = np.flatnonzero(cells != Cell.NOT_HEARD).tolist()
    found = []
    for in_alarm, group in groupby(heard, key=lambda place: cells[place] >= Cell.ACKNOWLEDGED):
        places = list(group)
        starts = [number for number, place in enumerate(places) if cells[place] == Cell.NEW and number]
        for start, end in zip([0, *starts], [*starts, len(places)], strict=True):
            run = places[start:end]
            if in_alarm:
                goes_on, is_quiet = run[-1] == heard[-1], cells[run[-1]] == Cell.ACKNOWLEDGED
                found.append(Episode(dates[run[0]], dates[run[-1]], len(run), goes_on, bool(is_quiet)))
    return found[::-1]


def clips_of(
    store: Store, memory: FleetMemory, key: str, machine: Machine, dates: Sequence[str], columns: Sequence[str]
) -> list[Row]:
    """The clips of a machine in some nights.

    Args:
        store: with the scores.
        memory: of that store.
        key: of the fleet.
        machine: type and id.
        dates: of scored nights.
        columns: of SCORES; addresses and ids are most of what a night of a large fleet weighs.
    """
    runs, found = memory.runs(key), list[Row]()
    read = read_present(store.files, [night_path(key, date) for date in dates], _NIGHTS_AT_ONCE)
    for date, data in zip(dates, read, strict=True):
        rows = night_rows(data, runs[date], [*_MACHINE, *columns])
        if rows is None:
            rows = store.scores(key, date, [*_MACHINE, *columns])
        kind, name = (pc.equal(rows[column], word) for column, word in zip(_MACHINE, machine, strict=True))
        found += rows.filter(pc.and_(kind, name)).select(columns).to_pylist()
    return found


def said_of(labels: pa.Table, memory: FleetMemory, store: Store, key: str, machine: Machine, asked: str) -> list[Said]:
    """The answers on a machine and its clips that count, the newest first.

    Args:
        labels: of the store.
        memory: for its nights.
        store: for ids of clips.
        key: of the fleet.
        machine: type and id.
        asked: KEY for links; "" for the default.
    """
    kind, name = (pc.equal(labels[column], word) for column, word in zip(_MACHINE, machine, strict=True))
    rows, nights = labels.filter(pc.and_(kind, name)).to_pylist()[::-1], set(memory.dates(key))
    links: dict[str, str] = {}
    for date in {row["date"] for row in rows if row["uri"]} & nights:
        clips = clips_of(store, memory, key, machine, [date], ["uri", "clip_id"])
        links |= {clip["uri"]: clip_address(clip["clip_id"], key, date) for clip in clips}
    return [_said(row, links, nights, asked) for row in rows]


def said_on(labels: pa.Table, date: str) -> dict[Machine, str]:
    """The answer on each machine's night of a date, in words."""
    rows = labels.filter(pc.and_(pc.equal(labels["date"], date), pc.is_null(labels["uri"]))).to_pylist()
    return {(row["machine_type"], row["machine_id"]): _words(row) for row in rows}


def _words(row: Row) -> str:
    return in_words(NightAnswer(row["answer"], row["words"] or "", row["until"] or "", row["labelled_by"] or ""))


def _said(row: Row, links: dict[str, str], nights: set[str], asked: str) -> Said:
    link = night_link(row["date"], asked) if row["date"] in nights else ""
    if row["uri"]:
        link = links.get(row["uri"], "")
    at = row["labelled_at"].strftime("%Y-%m-%d %H:%M UTC")
    return Said(row["date"], link, clip_name(row["uri"]) if row["uri"] else "", _words(row), at)
