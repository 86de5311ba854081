"""The page of all nights, made anew from the kept alarms of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from asd_core.clips.clip import UNDATED
from asd_core.errors import AsdError
from asd_core.pages.fleet import FleetHistory, NightCounts, write_fleet_page
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.alarms import find_alarms, past_precision
from asd_core.runs.fleet_history import fleet_history
from asd_core.runs.night_links import reported
from asd_core.store.layout import nights_page_path
from asd_core.store.store import Store

NIGHTS = 366
"""The newest nights, which the page shows."""

_AT_ONCE = 60  # nights whose alarms are found together: those of 10,000 machines are some 200 MB


def report_nights(
    store: Store, recipe: Recipe, engine: Engine | None = None, progress: Progress = no_progress
) -> str | None:
    """Write the page of all nights into the store; alarms that another rule or other scores gave are found anew first.

    Args:
        store: where alarms are and the page goes.
        recipe: whose nights.
        engine: where nights are computed that scorers of before lack; None for this process.
        progress: told (stage, done, total).

    Returns:
        The path of the page; None where no scored night has a date.
    """
    key, config = recipe.key(), recipe.for_machine("").alarm
    dates = sorted(date for date in store.scored_dates(key) if date != UNDATED)
    shown = dates[-NIGHTS:]
    if not shown:
        return None
    fleet, notes = fleet_history(store, recipe, shown, config), []
    if lacking := [night.date for night in fleet.nights if not night.heard]:
        try:
            for start in range(0, len(lacking), _AT_ONCE):
                find_alarms(store, recipe, lacking[start : start + _AT_ONCE], engine, progress, as_history=True)
        except AsdError as error:
            notes = [f"Alarms of {len(lacking)} nights could not be found: {error}."]
        fleet = fleet_history(store, recipe, shown, config)
    fleet = replace(
        fleet,
        nights=_with_reports(store, key, fleet.nights),
        headline=_headline(store, recipe, fleet),
        precision=past_precision(store, key, shown[-1]).sentence(),
        notes=notes,
        nights_before=len(dates) - len(shown),
    )
    return write_fleet_page(fleet, store.files, nights_page_path(key))


def _with_reports(store: Store, key: str, nights: Sequence[NightCounts]) -> list[NightCounts]:
    there = set(reported(store, key, [night.date for night in nights]))
    return [replace(night, has_report=night.date in there) for night in nights]


def _headline(store: Store, recipe: Recipe, fleet: FleetHistory) -> str:
    """The sentence on the newest night."""
    newest = fleet.nights[-1]
    kept = store.kept_alarms(fleet.key, [newest.date]).get(newest.date)
    if kept is None or not newest.heard:
        return "its alarms are not known."
    return AlarmSummary(newest.date, kept.rows, recipe.for_machine("").alarm).headline()
