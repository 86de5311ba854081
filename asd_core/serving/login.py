"""The page that asks for the token, and the cookie that a browser gets for it."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from asd_core.pages.html import make_page
from asd_core.serving.access import SESSION_SECONDS
from asd_core.serving.answers import PACKAGE, access_of, any_form_of, form_of, is_own_path, see_other
from asd_core.serving.guard import COOKIE, HEALTH, LOGIN

_SECONDS_TO_REFUSE = 0.5  # guessing is hopeless for its length; this keeps it from being loud


def routes() -> list[Route]:
    """Log in, log out, and a sign of life that needs no token and tells nothing."""
    return [
        Route(LOGIN, _show),
        Route(LOGIN, _log_in, methods=["POST"]),
        Route("/logout", _log_out, methods=["POST"]),
        Route(HEALTH, _health),
    ]


def _health(request: Request) -> Response:
    return PlainTextResponse("ok\n")


def _show(request: Request) -> Response:
    # A link in a message is followed from another site, so that the strict cookie stays at home. From this page on
    # the browser is at home: it goes on by itself, and comes back here only where it has no cookie.
    is_from_elsewhere = request.headers.get("sec-fetch-site") == "cross-site"
    return _page(request.query_params.get("next", "/"), "", refresh=is_from_elsewhere)


async def _log_in(request: Request) -> Response:
    fields, access = await any_form_of(request), access_of(request)
    wanted = fields.get("next", "/")
    if not access.is_token(fields.get("token", "").strip()):
        await asyncio.sleep(_SECONDS_TO_REFUSE)
        return _page(wanted, "This is not the token.", status=403)
    answer = see_other(wanted if is_own_path(wanted) else "/")
    answer.set_cookie(
        COOKIE,
        access.new_session(),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


async def _log_out(request: Request) -> Response:
    await form_of(request)
    answer = see_other(LOGIN)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _page(wanted: str, words: str, *, status: int = 200, refresh: bool = False) -> Response:
    page = make_page(
        "login.html",
        ["served.css"],
        package=PACKAGE,
        has_forms=True,
        wanted=wanted if is_own_path(wanted) else "/",
        words=words or "This server asks for a token.",
        refresh=refresh,
        facts=[],
    )
    policy = f"{page.policy}; frame-ancestors 'none'"
    return HTMLResponse(page.html, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"})
