"""The web application over a store, put together from the routes of the files beside this one."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from asd_core.errors import AsdError
from asd_core.readable import readable
from asd_core.serving import clip_pages, fleet_pages, labels, login, machine_page, nights_page, stored_pages, tables
from asd_core.serving.access import Access
from asd_core.serving.answers import problem_answer
from asd_core.serving.clip_pages import ServedClips, served_clips
from asd_core.serving.fleet_memory import FleetMemory
from asd_core.serving.guard import Guard
from asd_core.serving.label_files_only import LabelFilesOnly
from asd_core.serving.stored_pages import StoredPages
from asd_core.store.store import Store

_PARTS = (fleet_pages, nights_page, machine_page, clip_pages, labels, tables, stored_pages, login)
_SECONDS = 1.0  # that a listing of the runs holds
_TITLES = {400: "This cannot be read", 403: "Not allowed", 404: "Nothing here", 405: "Not here", 413: "Too long"}


def build_application(store: Store, access: Access | None = None, clips: ServedClips | None = None) -> Starlette:
    """The application over a store.

    What reads the store is a plain function, which runs in a pool of threads; what reads a form is asynchronous, and
    hands its work to that pool.

    Args:
        store: that is read; labels alone are written to it.
        access: who may ask; None for this computer alone, under its own names.
        clips: how clips are found and heard; None for worker processes that decode.
    """
    access = access or Access()
    application = Starlette(
        routes=[route for part in _PARTS for route in part.routes()],
        middleware=[Middleware(Guard, access=access)],
        lifespan=_reading_ahead,
        exception_handlers={HTTPException: _refused, AsdError: _failed, OSError: _failed},  # type: ignore[dict-item]
    )
    application.router.redirect_slashes = False
    reading = Store(LabelFilesOnly(store.files))
    application.state.store, application.state.access = reading, access
    application.state.memory = FleetMemory(reading, _SECONDS)
    application.state.clips = clips or served_clips(reading)
    application.state.stored_pages = StoredPages(reading)
    return application


@asynccontextmanager
async def _reading_ahead(application: Starlette) -> AsyncIterator[None]:
    """A server that starts reads the nights that are asked for first, and answers in the meantime."""

    def read() -> None:
        with suppress(AsdError, OSError):  # whoever asks is told
            application.state.memory.read_ahead()

    threading.Thread(target=read, daemon=True).start()
    yield


def _refused(request: Request, error: HTTPException) -> Response:
    words = "" if error.status_code == 404 else str(error.detail)
    answer = problem_answer(error.status_code, _TITLES.get(error.status_code, "This did not work"), words)
    answer.headers.update(error.headers or {})
    return answer


def _failed(request: Request, error: Exception) -> Response:
    """A store that cannot be read, or a broken file in it: the page says so, and the next request looks again."""
    words = str(error) if isinstance(error, AsdError) else (getattr(error, "strerror", None) or type(error).__name__)
    logging.getLogger("asd.serve").warning("%s: %s", readable(request.url.path), readable(words))
    return problem_answer(503, "The store cannot be read", words)
