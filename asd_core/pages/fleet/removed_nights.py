"""Links of the page of all nights to reports that are removed.

The page stays as it is otherwise: what it tells of a night comes from the kept alarms, which stay.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from asd_core.pages.fleet.contents import NightCounts
from asd_core.pages.fleet.page import report_link

_LINK = re.compile(rb'<a href="([^"#]+)(?:#[^"]*)?">(.*?)</a>', re.DOTALL)
_LISTED = re.compile(rb'&#34;([^"&]+)&#34;\]')  # in the list of nights that the page's script reads


def without_links(page: bytes, dates: Collection[str]) -> bytes:
    """The page of all nights without its links to the reports of some nights.

    Args:
        page: as it was written.
        dates: of the nights.
    """
    gone = {report_link(NightCounts(date, has_report=True)).encode() for date in dates}
    page = _LINK.sub(lambda link: link[2] if link[1] in gone else link[0], page)
    return _LISTED.sub(lambda link: b"&#34;&#34;]" if link[1] in gone else link[0], page)
