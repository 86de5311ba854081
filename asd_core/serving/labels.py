"""Labels by a click: what a form says becomes the same row that ``asd label`` writes."""

from __future__ import annotations

import urllib.parse

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asd_core.runs.label import MOST_CHARACTERS, AskedLabel, label
from asd_core.serving.answers import form_of, is_own_path, page_answer, see_other, store_of

_MOST_COOKIE = 1000  # characters of a name that a browser keeps
_COOKIE, _YEAR = "asd_labeller", 365 * 24 * 3600


def routes() -> list[Route]:
    """One address takes all labels."""
    return [Route("/label", _give, methods=["POST"])]


def name_of_labeller(request: Request) -> str:
    """The name that this browser gave with its last label; "" without one."""
    return urllib.parse.unquote(request.cookies.get(_COOKIE, ""))[:MOST_CHARACTERS]


def asked_label(fields: dict[str, str]) -> AskedLabel:
    """The answer in the fields of a form.

    Args:
        fields: ``answer``; ``uri`` of a clip, or ``machine`` (``TYPE/ID``) of a night, or ``quoted_machine``, the same
            percent-encoded, since browsers change line breaks in a form; ``date``; ``words``; ``until`` counts for
            ``ignore`` alone, since one form has a button for each answer; ``labelled_by``.
    """
    answer, uri = fields.get("answer", ""), fields.get("uri", "")
    machine = fields.get("machine", "") or urllib.parse.unquote(fields.get("quoted_machine", ""))
    return AskedLabel(
        answer=answer,
        uri=uri,
        machine="" if uri else machine,
        date=fields.get("date", ""),
        words="" if answer == "removed" else fields.get("words", ""),
        until=fields.get("until", "") if answer == "ignore" else "",
        labelled_by=fields.get("labelled_by", ""),
    )


async def _give(request: Request) -> Response:
    fields = await form_of(request)
    back = fields.get("back", "/")
    back, asked = (back if is_own_path(back) else "/"), asked_label(fields)
    refused = (await run_in_threadpool(label, store_of(request), [asked])).refused
    if refused:
        return page_answer(request, "refused.html", status=400, why=refused[0], back=back)
    answer = see_other(f"{back}#labels")
    name = urllib.parse.quote(asked.labelled_by.strip())
    if len(name) > _MOST_COOKIE:
        return answer
    answer.set_cookie(
        _COOKIE, name, max_age=_YEAR, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer
