"""The guard before all pages: whom a request is from, whom it is meant for, and what each answer forbids a browser."""

from __future__ import annotations

import logging
import urllib.parse

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asd_core.readable import readable
from asd_core.serving.access import Access, is_loopback
from asd_core.serving.answers import is_by_header, problem_answer

COOKIE = "asd_session"
LOGIN, HEALTH = "/login", "/healthz"
READING = ("GET", "HEAD")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # under no-referrer a browser tells no Origin, by which forms are checked
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Robots-Tag": "noindex",
}
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


class Guard:
    """Middleware that refuses what may not be answered, and turns a fault into a page and one line of the log.

    Args:
        app: behind it.
        access: who may ask.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or hand it on; each answer gets the headers that forbid a browser what no page needs."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        request, has_begun = Request(scope), False

        async def guarded(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in {**_HEADERS, "Content-Security-Policy": _POLICY}.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(request)
        try:
            await (refused or self._app)(scope, receive, guarded)
        except Exception as error:  # one page that fails is one line, and the server goes on
            what = f"{type(error).__name__}: {error}"
            logging.getLogger("asd.serve").error("%s: %s", readable(request.url.path), readable(what[:500]))
            if has_begun:
                raise
            await problem_answer(500, "This page failed", "The log of the server has the reason.")(
                scope, receive, guarded
            )

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not let in; None lets it in."""
        access, path = self._access, request.scope["path"]
        if not access.is_addressed(request.headers.get("host", "")):
            return problem_answer(400, "Wrong address", "This server is not known by that name: see --name.")
        if path == HEALTH:
            return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})
        if access.token is None:
            if not _is_near(request):
                return problem_answer(403, "Not from here", "Without a token this server answers its computer alone.")
        elif path != LOGIN and not self._is_known(request):
            return _ask_for_token(request)
        if request.method not in READING and not is_from_own_page(request):
            return problem_answer(403, "Not from here", "A page of another site cannot send this.")
        return None

    def _is_known(self, request: Request) -> bool:
        return is_by_header(request) or self._access.is_session(request.cookies.get(COOKIE, ""))


def is_from_own_page(request: Request) -> bool:
    """Tell if a browser sent this from a page of this server. Programs say nothing of where they are."""
    headers = request.headers
    if (site := headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    if (origin := headers.get("origin")) is not None:
        return urllib.parse.urlsplit(origin).netloc == headers.get("host")
    return True


def _is_near(request: Request) -> bool:
    return request.client is not None and is_loopback(request.client.host)


def _ask_for_token(request: Request) -> Response:
    """Send people to the page that asks for the token, and programs away."""
    headers = {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
    if request.method not in READING or "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("a token is needed: Authorization: Bearer TOKEN\n", 401, headers)
    wanted = request.scope["raw_path"].decode("latin-1") + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{LOGIN}?{urllib.parse.urlencode({'next': wanted})}", 303, {"Cache-Control": "no-store"})
