"""Pages of the past that lie in the store: reports of nights, of trainings, searches and syntheses.

A page is sent under the path that it has in the store, so that its links to its media and to other pages hold. Only
what runs committed can be asked for: the folder of a page is put together from a KEY and a date of the index of runs,
or stands in a run's record. The path of a web address is compared with the listing of that folder, and is never opened.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asd_core.serving.answers import page_answer, store_of
from asd_core.serving.clip_pages import clips_of
from asd_core.serving.kept_files import file_answer
from asd_core.store.content_types import content_type
from asd_core.store.files import FileInfo
from asd_core.store.layout import night_folder, night_page_path, nights_page_path
from asd_core.store.many_files import which_exist
from asd_core.store.run_records import SCORING
from asd_core.store.store import Store

FOLDERS = ("reports", "tuning", "pseudo_labels")
"""Folders of the store that hold pages."""

POLICY = (
    "sandbox allow-scripts allow-same-origin allow-downloads; default-src 'none'; "
    "img-src 'self' data:; media-src 'self' data:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The policy of a stored page, beside the one within it, by which just its own script runs.

A script can ask no server, send no form, and open no window or frame, so it reaches no other page of this server. It
has the origin of the server all the same: without it a browser sends no cookie for its sounds, and keeps no ratings.
"""

_ENDINGS = ("html", "flac", "wav", "png", "jpg", "csv", "json", "toml")
_JOBS = ("score", "nightly", "fit", "embed", "caption")  # whose records name no page of their own
_NIGHTS_SHOWN = 60
_LISTING_SECONDS, _LISTINGS_KEPT = 10.0, 64


def routes() -> list[Route]:
    """The list of stored pages at ``/reports``, and each page and its media under its path in the store."""
    return [Route("/reports", _list), *(Route(f"/{folder}/{{path:path}}", _stored) for folder in FOLDERS)]


@dataclass(frozen=True)
class StoredPage:
    """A page that a run wrote: its path in the store, the job, and a name for people."""

    path: str
    job: str
    name: str


class StoredPages:
    """The pages of a store and the files beside them.

    Args:
        store: where they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._listings: OrderedDict[str, tuple[float, dict[str, FileInfo]]] = OrderedDict()

    def others(self) -> list[StoredPage]:
        """The pages that are of no night: trainings, searches, syntheses, pseudo-labels; the newest first."""
        found = []
        for entry in reversed(self._store.entries()):
            path = None if entry.job in _JOBS else self._store.record(entry).get("page")
            if isinstance(path, str) and _is_within(path):
                found.append(StoredPage(path, entry.job, f"{entry.job} {entry.committed_at[:10]}"))
        listed = (info.path for info in self._store.files.list("pseudo_labels"))
        made = (path for path in listed if path.endswith("/index.html"))
        return [*found, *(StoredPage(path, "pseudo-label", path.split("/")[-2]) for path in made)]

    def nights(self, key: str) -> list[str]:
        """The newest nights of a KEY that have a report, at most 60, the newest first."""
        dates = sorted(self._store.scored_dates(key), reverse=True)[:_NIGHTS_SHOWN]
        found = which_exist(self._store.files, (night_page_path(key, date) for date in dates))
        return [date for date, is_there in zip(dates, found, strict=True) if is_there]

    def read(self, path: str) -> bytes | None:
        """The bytes of a page or of a file beside it; None for any other path.

        Args:
            path: in the store, as somebody asks for it.
        """
        if PurePosixPath(path).suffix.removeprefix(".") not in _ENDINGS:
            return None
        for key in self._keys():
            if path == (known := nights_page_path(key)):
                return self._store.files.read(known) if self._store.files.exists(known) else None
        folder = next((folder for folder in self._folders(path) if path.startswith(f"{folder}/")), None)
        info = None if folder is None else self._listing(folder).get(path)
        return None if info is None else self._store.files.read(info.path)

    def _keys(self) -> set[str]:
        return {entry.key for entry in self._store.entries(SCORING)}

    def _folders(self, path: str) -> Iterator[str]:
        """The folders of pages that a path may lie in, in the store's own words."""
        for key in self._keys():
            if path.startswith(f"reports/{key}/"):
                yield from (f"reports/{key}/{night_folder(date)}" for date in self._store.scored_dates(key))
        yield from (page.path.rpartition("/")[0] for page in self.others())

    def _listing(self, folder: str) -> dict[str, FileInfo]:
        """The files of a folder by their paths; one page asks for many of them within a moment."""
        now = time.monotonic()
        with self._lock:
            at, listed = self._listings.get(folder, (0.0, {}))
            if listed and now - at < _LISTING_SECONDS:
                return listed
        listed = {info.path: info for info in self._store.files.list(folder)}
        with self._lock:
            self._listings[folder] = (now, listed)
            self._listings.move_to_end(folder)
            while len(self._listings) > _LISTINGS_KEPT:
                self._listings.popitem(last=False)
        return listed


def _is_within(path: str) -> bool:
    """Tell if a path that a record names is one of a page: a record is a file that somebody else may have written."""
    first, *others = path.split("/")
    return first in FOLDERS and path.endswith(".html") and not {"", ".", ".."} & set(others)


def pages_of(request: Request) -> StoredPages:
    """The stored pages of the application that a request is for."""
    pages: StoredPages = request.app.state.stored_pages
    return pages


def _stored(request: Request) -> Response:
    path = request.scope["path"].removeprefix("/")
    try:
        data = pages_of(request).read(path)
    except FileNotFoundError:  # removed since it was listed
        data = None
    if data is None:
        raise HTTPException(404)
    headers = {"Content-Security-Policy": POLICY} if path.endswith(".html") else {}
    if path.endswith(".html"):
        headers["Cache-Control"] = "no-store"
    return file_answer(request, clips_of(request).files.keep(data, content_type(path)), headers)


def _list(request: Request) -> Response:
    store, pages = store_of(request), pages_of(request)
    keys = sorted({entry.key for entry in store.entries(SCORING)})
    nights = {key: [(date, f"/{night_page_path(key, date)}") for date in pages.nights(key)] for key in keys}
    fleets = which_exist(store.files, map(nights_page_path, keys))
    return page_answer(
        request,
        "reports.html",
        nights=nights,
        fleets={key: f"/{nights_page_path(key)}" for key, is_there in zip(keys, fleets, strict=True) if is_there},
        others=pages.others(),
    )
