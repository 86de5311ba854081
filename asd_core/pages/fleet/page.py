"""The page of all nights."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Sequence
from typing import Any

from asd_core.pages.fleet.alarms_chart import draw_alarms
from asd_core.pages.fleet.contents import LETTERS, MEANINGS, Cell, FleetHistory, NightCounts
from asd_core.pages.fleet.drift_lines import drifting_machines, fleet_shifts
from asd_core.pages.fleet.machine_rows import MOST_ROWS, MachineRow, TypeRow, calendar, machine_rows
from asd_core.pages.html import render_page
from asd_core.store.files import Files
from asd_core.store.layout import night_folder

STYLES, SCRIPTS = ("fleet/letters.css", "fleet/page.css"), ("fleet/page.js",)
"""Of pages with the template ``fleet/body.html``."""

_OPEN_NIGHTS = 31  # rows of the table of nights that are open


def write_fleet_page(fleet: FleetHistory, files: Files, path: str, most_rows: int = MOST_ROWS) -> str:
    """Write the page of all nights where it changed, and return its path; the same history gives the same bytes.

    Args:
        fleet: the nights, at least one.
        files: the store.
        path: of the page, beside the folders of the nights' reports.
        most_rows: machines with a row of their own; the others are counted by type.
    """
    latest = report_link(fleet.nights[-1])

    def machine_link(row: MachineRow) -> str:
        return f"{latest}#{row.anchor}" if latest and row.cell != "none" else ""

    shown = fleet_contents(fleet, machine_rows(fleet, most_rows), report_link, machine_link)
    facts = [("recipe", fleet.recipe), ("key", fleet.key)]
    page = render_page("fleet/page.html", STYLES, SCRIPTS, **shown, facts=facts)
    if not (files.exists(path) and files.read(path) == page):  # a run that is done already changes no file
        files.write(path, page)
    return path


def fleet_contents(
    fleet: FleetHistory,
    rows: tuple[Sequence[MachineRow], Sequence[TypeRow]],
    link: Callable[[NightCounts], str],
    machine_link: Callable[[MachineRow], str],
) -> dict[str, Any]:
    """All that the template ``fleet/body.html`` needs, by name.

    Args:
        fleet: the nights, at least one.
        rows: of `machine_rows`.
        link: the address of a night's page; "" where there is none.
        machine_link: the address of what there is to say of a machine; "" likewise.
    """
    nights, newest_first = fleet.nights, list(reversed(fleet.nights))
    lines, more = drifting_machines(fleet)
    return {
        "fleet": fleet,
        "machines": rows[0],
        "types": rows[1],
        "calendar": calendar([night.date for night in nights]),
        "links": json.dumps([[night.date, link(night)] for night in nights]),
        "words": json.dumps(dict(zip(LETTERS, MEANINGS, strict=True))),
        "latest": link(nights[-1]),
        "link": link,
        "machine_link": machine_link,
        "cell": Cell,
        "open_nights": newest_first[:_OPEN_NIGHTS],
        "other_nights": newest_first[_OPEN_NIGHTS:],
        "chart": draw_alarms(nights),
        "shifts": fleet_shifts(fleet),
        "drifting": lines,
        "more_drifting": more,
    }


def report_link(night: NightCounts) -> str:
    """The address of a night's report beside the page; "" where there is none."""
    folder = urllib.parse.quote(night_folder(night.date), safe="=")
    return f"{folder}/index.html" if night.has_report else ""
