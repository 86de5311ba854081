"""The pages of one night of the fleet: the newest at ``/``, any other at ``/nights/<date>``."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asd_core.pages.fleet.machine_rows import strip
from asd_core.serving.answers import memory_of, names_in, page_answer, store_of
from asd_core.serving.filters import SORTS, TIERS, Filters, filters_of, night_link
from asd_core.serving.fleet_memory import FleetMemory, Machine, recipe_name
from asd_core.serving.machine_lines import ROWS, MachineLine, chosen, lines_table, machine_lines, tiers_of
from asd_core.serving.machine_reading import said_on
from asd_core.serving.night_reading import ReadNight, chosen_key, clip_links, read_night
from asd_core.store.layout import night_page_path, safe_name
from asd_core.store.store import Store

STRIP = 14
"""Nights whose letters stand beside a machine."""

_MOST_TYPES = 200  # in the menu


def routes() -> list[Route]:
    """The fleet now, and one night of it."""
    return [Route("/", _now), Route("/nights/{names:path}", _night)]


def _now(request: Request) -> Response:
    memory, filters = memory_of(request), filters_of(request.query_params)
    if not memory.keys():
        return page_answer(request, "empty.html")
    key, _ = chosen_key(memory, filters.key)
    return _page(request, key, memory.dates(key)[-1], filters)


def _night(request: Request) -> Response:
    memory, filters = memory_of(request), filters_of(request.query_params)
    key, _ = chosen_key(memory, filters.key)
    return _page(request, key, chosen_date(memory, key, names_in(request, 1)[0]), filters)


def chosen_date(memory: FleetMemory, key: str, name: str) -> str:
    """The scored night with this name in an address.

    Raises:
        HTTPException: 404 where there is none.
    """
    found = next((date for date in memory.dates(key) if safe_name(date) == name), None)
    if found is None:
        raise HTTPException(404)
    return found


def _page(request: Request, key: str, date: str, filters: Filters) -> Response:
    store, memory = store_of(request), memory_of(request)
    night, dates, keys = read_night(store, memory, key, date), memory.dates(key), memory.keys()
    heard = set(zip(*(night.rows[name].to_pylist() for name in ("machine_type", "machine_id")), strict=True))
    silent = sorted(machine for machine in memory.scorers(key) if machine not in heard)
    table = lines_table(night.rows, silent)
    places = chosen(table, filters)
    pages = max(1, -(-len(places) // ROWS))
    filters = replace(filters, page=min(filters.page, pages))
    first = ROWS * (filters.page - 1)
    shown = places[first : first + ROWS]
    place = dates.index(date)
    machines = _machines(table, shown)
    strips = _strips(memory, key, dates[: place + 1][-STRIP:], machines)
    said = said_on(memory.labels(), date)
    lines = [
        replace(line, said=said.get(machine, ""))
        for line, machine in zip(machine_lines(table, shown, strips, filters.key), machines, strict=True)
    ]
    return page_answer(
        request,
        "fleet.html",
        ["fleet/letters.css", "fleet.css"],
        night=night,
        date=date,
        is_newest=place == len(dates) - 1,
        before=night_link(dates[place - 1], filters.key) if place else "",
        after=night_link(dates[place + 1], filters.key) if place < len(dates) - 1 else "",
        lines=_with_clips(store, key, date, lines),
        found=len(places),
        first=first,
        pages=pages,
        heard=len(night.rows),
        counts={name: int(members.sum()) for name, members in tiers_of(table).items()},
        new=int(pc.sum(pc.equal(table["state"], "new")).as_py() or 0),
        tiers=TIERS,
        sorts=SORTS,
        types=sorted(set(table["machine_type"].to_pylist()))[:_MOST_TYPES],
        filters=filters,
        path=request.scope["raw_path"].decode("latin-1"),
        keys=keys,
        recipe=recipe_name(key),
        report=report_link(store, key, date),
        key=key,
        facts=_facts(store, memory, key, date, night),
    )


def report_link(store: Store, key: str, date: str) -> str:
    """The address of a night's report; "" where it has none."""
    path = night_page_path(key, date)
    return f"/{urllib.parse.quote(path)}" if store.files.exists(path) else ""


def _machines(table: pa.Table, places: NDArray[np.int64]) -> list[Machine]:
    rows = table.select(["machine_type", "machine_id"]).take(pa.array(places))
    return list(zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True))


def _strips(memory: FleetMemory, key: str, dates: Sequence[str], machines: Sequence[Machine]) -> dict[Machine, Markup]:
    fleet = memory.history(key, dates)
    rows = {machine: place for place, machine in enumerate(fleet.machines)}
    return {one: strip(fleet.cells[rows[one]].tolist()) for one in machines if one in rows}


def _with_clips(store: Store, key: str, date: str, lines: Sequence[MachineLine]) -> list[MachineLine]:
    """The lines with links to the clips that matter."""
    links = clip_links(store, key, date, [line.worst_uri for line in lines if line.is_urgent and line.worst_uri])
    return [replace(line, worst_link=links.get(line.worst_uri or "", "")) for line in lines]


def _facts(store: Store, memory: FleetMemory, key: str, date: str, night: ReadNight) -> list[tuple[str, str]]:
    run = memory.runs(key)[date][0]
    facts = [("store", store.files.address("").rstrip("/")), ("key", key), ("run", run.run_id)]
    return [*facts, ("committed", run.committed_at[:19].replace("T", " ") + " UTC")]
