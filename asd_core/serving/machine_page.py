"""The page of one machine: its nights, its alarms, what people said, and its flagged clips."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asd_core.clips.clip import UNDATED
from asd_core.pages.fleet.contents import MEANINGS, Cell
from asd_core.pages.night.contents import Row
from asd_core.pages.night.history_chart import HistoryChart, draw_history
from asd_core.readable import clip_name, machine_name
from asd_core.serving.answers import memory_of, names_in, page_answer, store_of
from asd_core.serving.clip_pages import clip_address
from asd_core.serving.filters import filters_of, machine_link, night_link
from asd_core.serving.fleet_memory import MOST_NIGHTS, FleetMemory, Machine, recipe_name
from asd_core.serving.given_labels import labels_of_night
from asd_core.serving.labels import name_of_labeller
from asd_core.serving.machine_lines import MachineLine, lines_table, machine_lines
from asd_core.serving.machine_reading import DRAWN, LISTED, clips_of, episodes, said_of
from asd_core.serving.night_reading import chosen_key, read_night
from asd_core.serving.nights_chart import draw_nights
from asd_core.store.layout import night_page_path, safe_name
from asd_core.store.many_files import which_exist

_CHARTED = 30  # nights whose clips are drawn one by one
_FLAGGED_NIGHTS = 10  # on a page


@dataclass(frozen=True)
class FlaggedClip:
    """A flagged clip of the machine."""

    name: str
    link: str
    recorded_at: str
    score: float
    threshold: float | None
    p_value: float | None


@dataclass(frozen=True)
class FlaggedNight:
    """A night with flagged clips, its state in words, and its report if it has one."""

    date: str
    link: str
    state: str
    report: str
    clips: Sequence[FlaggedClip]


@dataclass(frozen=True)
class _History:
    """As the template of a report's history wants a machine."""

    name: str
    anchor: str
    history: HistoryChart | None
    worst_score: float | None
    decision_threshold: float | None


def routes() -> list[Route]:
    """A machine, by its type and id as `asd_core.serving.filters.machine_link` writes them."""
    return [Route("/machines/{names:path}", _machine)]


def chosen_machine(memory: FleetMemory, key: str, names: Sequence[str]) -> Machine:
    """The machine with these names in an address.

    Raises:
        HTTPException: 404 where neither a night nor a fit knows it.
    """
    nights = [date for date in memory.dates(key) if date != UNDATED][-MOST_NIGHTS:] or memory.dates(key)
    machines = [*memory.scorers(key), *memory.history(key, nights).machines]
    found = next((one for one in machines if (safe_name(one[0]), safe_name(one[1])) == tuple(names)), None)
    if found is None:
        raise HTTPException(404)
    return found


def _machine(request: Request) -> Response:
    store, memory, query = store_of(request), memory_of(request), request.query_params
    asked = filters_of(query).key
    key, _ = chosen_key(memory, asked)
    machine = chosen_machine(memory, key, names_in(request, 2))
    dates = [date for date in memory.dates(key) if date != UNDATED][-MOST_NIGHTS:] or memory.dates(key)
    fleet, name = memory.history(key, dates), machine_name(*machine)
    place = fleet.machines.index(machine) if machine in fleet.machines else None
    cells = np.zeros(len(dates), np.uint8) if place is None else fleet.cells[place]
    heard_last = next((dates[at] for at in reversed(np.flatnonzero(cells != Cell.NOT_HEARD))), "")
    line = _line(request, key, machine, dates[-1], asked)
    before = query.get("before", "")
    flagged, more = _flagged(request, key, machine, dates, cells, before, asked)
    return page_answer(
        request,
        "machine.html",
        ["fleet/letters.css", "fleet.css", "clip.css", "machine.css"],
        name=name,
        machine=machine,
        line=line,
        date=dates[-1],
        dates=dates,
        key=key,
        night_link=night_link(dates[-1], asked),
        nights_chart=None if place is None else draw_nights(name, dates, cells, fleet.evidence[place]),
        unusual=[(dates[at], night_link(dates[at], asked), MEANINGS[cells[at]]) for at in _unusual(cells)],
        heard=int((cells != Cell.NOT_HEARD).sum()),
        history=_history(request, key, machine, dates[-_CHARTED:], name),
        episodes=episodes(dates, cells),
        said=said_of(memory.labels(), memory, store, key, machine, asked),
        night_labels=labels_of_night(store.all_labels(), *machine, heard_last) if heard_last else None,
        heard_last=heard_last,
        asked_machine="/".join(machine),
        labelled_by=name_of_labeller(request),
        back=machine_link(*machine, asked),
        flagged=flagged,
        more=more,
        has_before=bool(before),
        path=request.scope["raw_path"].decode("latin-1"),
        asked=asked,
        recipe=recipe_name(key),
        facts=[("store", store.files.address("").rstrip("/")), ("key", key)],
    )


def _line(request: Request, key: str, machine: Machine, date: str, asked: str) -> MachineLine:
    """The machine in the newest night."""
    night = read_night(store_of(request), memory_of(request), key, date)
    names = zip(night.rows["machine_type"].to_pylist(), night.rows["machine_id"].to_pylist(), strict=True)
    place = next((number for number, one in enumerate(names) if one == machine), None)
    table = lines_table(night.rows.slice(0, 0) if place is None else night.rows.slice(place, 1), [machine])
    return machine_lines(table, np.array([0]), {}, asked)[0]


def _history(request: Request, key: str, machine: Machine, dates: Sequence[str], name: str) -> _History:
    """The chart of the scores of single clips."""
    rows = clips_of(store_of(request), memory_of(request), key, machine, dates, DRAWN)
    tonight = [row for row in rows if row["date"] == dates[-1] and row["anomaly_score"] is not None]
    earlier = [row for row in rows if row["date"] != dates[-1]]
    thresholds = [row["decision_threshold"] for row in tonight if row["decision_threshold"] is not None]
    return _History(
        name=name,
        anchor="machine",
        history=draw_history(earlier, tonight, dates[-1]),
        worst_score=max((row["anomaly_score"] for row in tonight), default=None),
        decision_threshold=max(thresholds, default=None),
    )


def _unusual(cells: Any) -> list[int]:
    """Places of the nights that were more than within chance, the newest first."""
    return [int(place) for place in np.flatnonzero(cells >= Cell.WATCH)[::-1]]


def _flagged(
    request: Request, key: str, machine: Machine, dates: Sequence[str], cells: Any, before: str, asked: str
) -> tuple[list[FlaggedNight], str]:
    """The newest nights with flagged clips before a date, and the date that further ones come before; "" without."""
    counts = memory_of(request).flagged(key, machine, dates)
    places = [place for place, date in enumerate(dates) if counts[place] and (not before or date < before)][::-1]
    found, store = [], store_of(request)
    shown = [dates[place] for place in places[:_FLAGGED_NIGHTS]]
    reports = dict(zip(shown, which_exist(store.files, (night_page_path(key, date) for date in shown)), strict=True))
    for place, date in zip(places, shown, strict=False):
        rows = clips_of(store, memory_of(request), key, machine, [date], LISTED)
        worst_first = sorted((row for row in rows if row["is_flagged"]), key=lambda row: -row["anomaly_score"])
        clips = [_clip(row, key) for row in worst_first]
        report = f"/{urllib.parse.quote(night_page_path(key, date))}" if reports[date] else ""
        found.append(FlaggedNight(date, night_link(date, asked), MEANINGS[cells[place]], report, clips))
    return found, dates[places[_FLAGGED_NIGHTS - 1]] if len(places) > _FLAGGED_NIGHTS else ""


def _clip(row: Row, key: str) -> FlaggedClip:
    at = row["recorded_at"]
    return FlaggedClip(
        clip_name(row["uri"]),
        clip_address(row["clip_id"], key, row["date"]),
        "" if at is None else at.strftime("%H:%M"),
        row["anomaly_score"],
        row["decision_threshold"],
        row["p_value"],
    )
