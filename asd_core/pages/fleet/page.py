"""The page of all nights."""

from __future__ import annotations

import json
import urllib.parse

from asd_core.pages.fleet.alarms_chart import draw_alarms
from asd_core.pages.fleet.contents import LETTERS, MEANINGS, Cell, FleetHistory, NightCounts
from asd_core.pages.fleet.drift_lines import drifting_machines, fleet_shifts
from asd_core.pages.fleet.machine_rows import MOST_ROWS, calendar, machine_rows
from asd_core.pages.html import render_page
from asd_core.store.files import Files
from asd_core.store.layout import night_folder

_OPEN_NIGHTS = 31  # rows of the table of nights that are open


def write_fleet_page(fleet: FleetHistory, files: Files, path: str, most_rows: int = MOST_ROWS) -> str:
    """Write the page of all nights where it changed, and return its path; the same history gives the same bytes.

    Args:
        fleet: the nights, at least one.
        files: the store.
        path: of the page, beside the folders of the nights' reports.
        most_rows: machines with a row of their own; the others are counted by type.
    """
    nights, (machines, types) = fleet.nights, machine_rows(fleet, most_rows)
    newest_first = list(reversed(nights))
    lines, more = drifting_machines(fleet)
    page = render_page(
        "fleet/page.html",
        styles=["fleet/page.css"],
        scripts=["fleet/page.js"],
        fleet=fleet,
        machines=machines,
        types=types,
        calendar=calendar([night.date for night in nights]),
        links=json.dumps([[night.date, report_link(night)] for night in nights]),
        words=json.dumps(dict(zip(LETTERS, MEANINGS, strict=True))),
        latest=report_link(nights[-1]),
        link=report_link,
        cell=Cell,
        open_nights=newest_first[:_OPEN_NIGHTS],
        other_nights=newest_first[_OPEN_NIGHTS:],
        chart=draw_alarms(nights),
        shifts=fleet_shifts(fleet),
        drifting=lines,
        more_drifting=more,
        facts=[("recipe", fleet.recipe), ("key", fleet.key)],
    )
    if not (files.exists(path) and files.read(path) == page):  # a run that is done already changes no file
        files.write(path, page)
    return path


def report_link(night: NightCounts) -> str:
    """The address of a night's report beside the page; "" where there is none."""
    folder = urllib.parse.quote(night_folder(night.date), safe="=")
    return f"{folder}/index.html" if night.has_report else ""
