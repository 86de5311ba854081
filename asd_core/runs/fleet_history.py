"""The kept alarms of many nights, gathered for the page of all nights."""

from __future__ import annotations

from collections.abc import Sequence

from asd_core.alarms.past_alarms import PastAlarms
from asd_core.clips.clip import UNDATED
from asd_core.pages.fleet import FleetHistory
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarm_marks import digests_of_nights, told_by
from asd_core.runs.alarms import MOST_NIGHTS
from asd_core.runs.gathered_fleet import COLUMNS, GatheredFleet
from asd_core.store.store import Store

_AT_ONCE = 32  # nights whose files are held


def fleet_history(store: Store, recipe: Recipe, dates: Sequence[str], config: AlarmConfig) -> FleetHistory:
    """The nights of a fleet from their kept alarms; a night without any is there without machines.

    Args:
        store: where alarms are.
        recipe: whose alarms.
        dates: of the nights, ascending.
        config: the rule; alarms that another one gave, or that answers of people changed since, are left out.
    """
    key, runs, gathered = recipe.key(), store.scored_dates(recipe.key()), GatheredFleet()
    answers = digests_of_nights(store.labels(), store.maintenance())
    for start in range(0, len(dates), _AT_ONCE):
        chunk = dates[start : start + _AT_ONCE]
        found = store.kept_alarms(key, chunk, COLUMNS)
        for date in chunk:
            kept = found.get(date)
            if kept is not None and kept.is_made_of(told_by(config, runs.get(date, []), answers, date)):
                gathered.add(date, kept.rows, config)
    return gathered.history(recipe.name, key, dates)


def past_alarms(store: Store, recipe: Recipe, date: str, config: AlarmConfig) -> PastAlarms:
    """New alarms of a night and of the nights before it, as far as they are kept, against those expected.

    Args:
        store: where alarms are.
        recipe: whose alarms.
        date: of the last night.
        config: the rule; alarms that another one gave are not counted.
    """
    dates = sorted(night for night in store.scored_dates(recipe.key()) if night <= date and night != UNDATED)
    return fleet_history(store, recipe, dates[-MOST_NIGHTS:], config).past
