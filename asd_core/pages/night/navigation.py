"""The links of a night's page to the nights beside it and to the index of all nights.

A page is a file that is opened from a folder, and is written before there is a next night. The links stand between two
marks, so that the page of the night before gets its link once the next page is there. Nothing else of a page changes,
and its media stay as they are. Plain links work from a folder, from a bucket and without scripts.
"""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass

from asd_core.pages.html import render_part
from asd_core.store.layout import night_folder

_BEGIN, _END = b"<!-- nights -->", b"<!-- /nights -->"


@dataclass(frozen=True)
class Neighbours:
    """The nights with a page beside a night's.

    Attributes:
        before: date of the last one before it; None without one.
        after: date of the next one; None without one.
    """

    before: str | None = None
    after: str | None = None

    def __html__(self) -> str:
        links = render_part("night/navigation.html", neighbours=self, link=_link, index="../index.html")
        return f"{_BEGIN.decode()}\n{links}{_END.decode()}"


def linked(page: bytes, neighbours: Neighbours) -> bytes | None:
    """A night's page with these links in the place of those that it has; None for a page that has none.

    Args:
        page: as it was written.
        neighbours: of its night.
    """
    before, begin, rest = page.partition(_BEGIN)  # names are escaped, so that none of them can be a mark
    _, end, after = rest.partition(_END)
    if not (begin and end):
        return None
    return before + neighbours.__html__().encode("utf-8", "replace") + after


def _link(date: str) -> str:
    folder = urllib.parse.quote(night_folder(date), safe="=")
    return f"../{folder}/index.html"
