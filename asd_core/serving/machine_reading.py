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
from asd_core.serving.filters import clip_link, night_link
from asd_core.serving.fleet_memory import FleetMemory, Machine
from asd_core.store.store import Store

_MACHINE = ("machine_type", "machine_id")
CLIP_COLUMNS = (
    "clip_id",
    "uri",
    "machine_type",
    "machine_id",
    "date",
    "recorded_at",
    "anomaly_score",
    "decision_threshold",
    "is_flagged",
    "p_value",
    "error_reason",
    "error",
)


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


def clips_of(store: Store, key: str, machine: Machine, dates: Sequence[str]) -> list[Row]:
    """The clips of a machine in some nights; one night is read at a time, since it holds those of all machines."""
    found: list[Row] = []
    for date in dates:
        scores = store.scores(key, date, CLIP_COLUMNS)
        kind, name = (pc.equal(scores[column], word) for column, word in zip(_MACHINE, machine, strict=True))
        found += scores.filter(pc.and_(kind, name)).select(CLIP_COLUMNS).to_pylist()
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
    ids: dict[str, str] = {}
    for date in {row["date"] for row in rows if row["uri"]} & nights:
        ids |= {clip["uri"]: clip["clip_id"] for clip in clips_of(store, key, machine, [date])}
    return [_said(row, ids, nights, key, asked) for row in rows]


def _said(row: Row, ids: dict[str, str], nights: set[str], key: str, asked: str) -> Said:
    link = night_link(row["date"], asked) if row["date"] in nights else ""
    if row["uri"]:
        link = clip_link(ids[row["uri"]], key, row["date"]) if row["uri"] in ids else ""
    words = in_words(NightAnswer(row["answer"], row["words"] or "", row["until"] or "", row["labelled_by"] or ""))
    at = row["labelled_at"].strftime("%Y-%m-%d %H:%M UTC")
    return Said(row["date"], link, clip_name(row["uri"]) if row["uri"] else "", words, at)
