"""Answers in HTML, from templates of this folder, and what they need of a request."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from asd_core.pages.html import make_page
from asd_core.serving.access import Access
from asd_core.serving.fleet_memory import FleetMemory
from asd_core.store.store import Store

PACKAGE = "asd_core.serving"
MOST_FORM_BYTES = 64 * 1024
_MOST_FIELDS = 50
FORM_FIELD = "form_secret"
"""The field of a form that tells that it is one of our own pages'."""


def store_of(request: Request) -> Store:
    """The store that is served; what is written there but labels is dropped."""
    store: Store = request.app.state.store
    return store


def memory_of(request: Request) -> FleetMemory:
    """The nights of the store that are remembered."""
    memory: FleetMemory = request.app.state.memory
    return memory


def access_of(request: Request) -> Access:
    """The rule by which requests are let in."""
    access: Access = request.app.state.access
    return access


def page_answer(
    request: Request,
    template: str,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    *,
    status: int = 200,
    has_media: bool = False,
    **shown: Any,
) -> Response:
    """The page of a template of this folder that extends ``served.html``.

    The template has ``form_secret``, the value of the hidden field of that name in a form that writes.

    Args:
        request: that is answered.
        template: file of this folder.
        styles: style sheets of this folder or of ``asd_core/pages``.
        scripts: scripts likewise.
        status: of the answer.
        has_media: the page shows pictures and plays recordings of this server.
        shown: values for the template by name.
    """
    access = access_of(request)
    given = {
        "facts": [("store", store_of(request).files.address("").rstrip("/"))],
        FORM_FIELD: access.form_secret,
        "may_leave": access.token is not None,
    }
    page = make_page(
        template,
        ["served.css", *styles],
        scripts,
        package=PACKAGE,
        has_media=has_media,
        has_forms=True,
        **(given | shown),
    )
    policy = f"{page.policy}; frame-ancestors 'none'"
    return HTMLResponse(page.html, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def problem_answer(status: int, title: str, words: str = "") -> Response:
    """A plain page that says what is wrong; it shows nothing of the store."""
    page = make_page(
        "problem.html", ["served.css"], package=PACKAGE, title=title, words=words, facts=[("status", str(status))]
    )
    policy = f"{page.policy}; frame-ancestors 'none'"
    return HTMLResponse(page.html, status, {"Content-Security-Policy": policy, "Cache-Control": "no-store"})


def see_other(path: str) -> Response:
    """Send a browser to a page of this server, once it has written."""
    return RedirectResponse(path, 303)


def names_in(request: Request, count: int) -> list[str]:
    """The last parts of a request's path, each decoded once and from the path as it was sent.

    Args:
        request: to a route that ends in ``{names:path}``.
        count: of parts there must be behind the first one.

    Raises:
        HTTPException: 404 for another number of parts.
    """
    parts = request.scope["raw_path"].decode("latin-1").split("/")[2:]
    if len(parts) != count:
        raise HTTPException(404)
    return [urllib.parse.unquote(part) for part in parts]


def is_own_path(path: str) -> bool:
    """Tell if a path leads to this server and to no other one, however a browser reads it."""
    return path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent; of several of one name the last.

    Raises:
        HTTPException: 403 for a form of another page, 413 for a long one, 400 for what is no form.
    """
    fields = await any_form_of(request)
    if not access_of(request).is_form(fields.pop(FORM_FIELD, "")) and not is_by_header(request):
        raise HTTPException(403, "this form is too old, or of another page: open the page again and repeat it")
    return fields


async def any_form_of(request: Request) -> dict[str, str]:
    """The fields of a form, whoever sent it."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_FORM_BYTES:
            raise HTTPException(413, f"a form of more than {MOST_FORM_BYTES} bytes is not read")
    try:
        fields = urllib.parse.parse_qsl(
            data.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise HTTPException(400, "this is no form in UTF-8") from error
    return dict(fields)


def is_by_header(request: Request) -> bool:
    """Tell if the request bears the token itself, as programs do: no page of another site can make a browser do so."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and access_of(request).is_token(given.strip())
