"""Links between pages: those to reports that are about to be removed go first, so that none is ever dead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from asd_core.clips.clip import UNDATED
from asd_core.pages.fleet.removed_nights import without_links
from asd_core.pages.night.navigation import Neighbours, linked
from asd_core.runs.pruning.reports import PAGE, night_of
from asd_core.store.files import Files
from asd_core.store.layout import nights_page_path
from asd_core.store.store import Store

_AT_ONCE = 16  # pages


def take_links_off(store: Store, pages: Iterable[str], removed: Collection[str]) -> None:
    """Change the pages that stay, so that none has a link to a report that goes.

    Args:
        store: where the pages are.
        pages: folders of all reports with a page.
        removed: folders of those that go.
    """
    nights: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for folder in pages:
        key, date = night_of(folder)
        if date != UNDATED:
            nights[key].append((date, folder))
    gone: dict[str, set[str]] = defaultdict(set)
    for folder in removed:
        key, date = night_of(folder)
        gone[key].add(date)
    for key in sorted(gone):
        beside = _neighbours(sorted(nights[key]), gone[key])
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda item: _link(store.files, *item), beside.items()))
        path, dates = nights_page_path(key), gone[key]
        _change(store.files, path, partial(without_links, dates=dates))


def _neighbours(nights: list[tuple[str, str]], gone: Collection[str]) -> dict[str, Neighbours]:
    """Page → the nights that it is to lead to, of the pages that change.

    A page that goes leads to none, so that it has no dead link where others go and it is left over.
    """
    found = {f"{folder}/{PAGE}": Neighbours() for date, folder in nights if date in gone}
    stay = [place for place, (date, _) in enumerate(nights) if date not in gone]
    for number, place in enumerate(stay):
        before = stay[number - 1] if number else -1
        after = stay[number + 1] if number + 1 < len(stay) else len(nights)
        if (before, after) != (place - 1, place + 1):  # one goes beside it
            found[f"{nights[place][1]}/{PAGE}"] = Neighbours(
                nights[before][0] if before >= 0 else None, nights[after][0] if after < len(nights) else None
            )
    return found


def _link(files: Files, path: str, beside: Neighbours) -> None:
    _change(files, path, lambda page: linked(page, beside) or page)


def _change(files: Files, path: str, changed: Callable[[bytes], bytes]) -> None:
    try:
        page = files.read(path)
    except FileNotFoundError:
        return
    new = changed(page)
    if new != page:
        files.write(path, new)
