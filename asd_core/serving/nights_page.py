"""The page of the fleet over nights, as the report of all nights shows it."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asd_core.clips.clip import UNDATED
from asd_core.pages.fleet.contents import NightCounts
from asd_core.pages.fleet.machine_rows import MachineRow, machine_rows
from asd_core.pages.fleet.page import SCRIPTS, STYLES, fleet_contents
from asd_core.serving.answers import memory_of, page_answer, store_of
from asd_core.serving.filters import filters_of, machine_link, night_link
from asd_core.serving.fleet_memory import MOST_NIGHTS, recipe_name
from asd_core.serving.night_reading import chosen_key, read_night

SPANS = (30, 90, MOST_NIGHTS)
"""Nights that a reader may look back over; the first is the default."""

_ROWS = 100  # machines with a row of their own


def routes() -> list[Route]:
    """The fleet over nights."""
    return [Route("/nights", _nights)]


def _nights(request: Request) -> Response:
    store, memory = store_of(request), memory_of(request)
    if not memory.keys():
        return page_answer(request, "empty.html")
    asked = filters_of(request.query_params).key
    key, keys = chosen_key(memory, asked)
    dates = [date for date in memory.dates(key) if date != UNDATED] or memory.dates(key)
    spans = {str(span): span for span in SPANS}
    span = spans.get(request.query_params.get("last", ""), SPANS[0])
    fleet = memory.history(key, dates[-span:])
    newest = read_night(store, memory, key, dates[-1])
    fleet = replace(
        fleet, headline=newest.headline, nights_before=max(0, len(dates) - span), precision=memory.precision(key)
    )

    def link(night: NightCounts) -> str:
        return night_link(night.date, asked)

    def link_of(row: MachineRow) -> str:
        return machine_link(*row.machine, asked)

    machines, types = machine_rows(fleet, _ROWS)
    rows = [replace(row, anchor="") for row in machines]  # a night's page shows some of its machines
    return page_answer(
        request,
        "nights.html",
        STYLES,
        SCRIPTS,
        **fleet_contents(fleet, (rows, types), link, link_of),
        spans=SPANS,
        span=span,
        asked=asked,
        keys=keys,
        recipe=recipe_name(key),
    )
