"""Nights with a report, and the links between their pages."""

from __future__ import annotations

from collections.abc import Sequence

from asd_core.clips.clip import UNDATED
from asd_core.pages.night.navigation import Neighbours, linked
from asd_core.store.layout import night_page_path
from asd_core.store.many_files import which_exist
from asd_core.store.store import Store

_LOOKED_AT = 30  # nights on either side that are asked for a page: on S3 each is a request


def reported(store: Store, key: str, dates: Sequence[str]) -> list[str]:
    """The nights that have a report, in the order given."""
    found = which_exist(store.files, (night_page_path(key, date) for date in dates))
    return [date for date, is_there in zip(dates, found, strict=True) if is_there]


def neighbours(store: Store, key: str, date: str) -> Neighbours:
    """The nights with a report beside a night, none of them more than 30 scored nights away."""
    before, after = _beside(store, key, date)
    return Neighbours(before[-1] if before else None, after[0] if after else None)


def link_to(store: Store, key: str, date: str) -> None:
    """Give the reports beside a night their links to it; a report from before there were links stays as it is."""
    before, after = _beside(store, key, date)
    if before:
        _link(store, key, before[-1], Neighbours(before[-2] if len(before) > 1 else None, date))
    if after:
        _link(store, key, after[0], Neighbours(date, after[1] if len(after) > 1 else None))


def _beside(store: Store, key: str, date: str) -> tuple[list[str], list[str]]:
    """The nights with a report before a night, and those after it."""
    if date == UNDATED:
        return [], []
    nights = sorted(night for night in store.scored_dates(key) if night != UNDATED)
    earlier, later = [night for night in nights if night < date], [night for night in nights if night > date]
    return reported(store, key, earlier[-_LOOKED_AT:]), reported(store, key, later[:_LOOKED_AT])


def _link(store: Store, key: str, date: str, beside: Neighbours) -> None:
    page = store.files.read(night_page_path(key, date))
    changed = linked(page, beside)
    if changed is not None and changed != page:
        store.files.write(night_page_path(key, date), changed)
