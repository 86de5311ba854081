"""Looking at a store after a prune."""

import html
import re
import urllib.parse

from asd_core.runs.run_lists import files_of

_ADDRESS = re.compile(r'(?:href|src)="([^"#]*)')
_LISTED = re.compile(r'"([^"]*index\.html)"\]')


def dead_links(files):
    """(page, address) of every link, sound and picture of the reports of nights that leads nowhere."""
    paths = {info.path for info in files.list("reports")}
    found = []
    for page in sorted(path for path in paths if path.endswith(".html")):
        text = files.read(page).decode()
        nights = "".join(re.findall(r'data-nights="([^"]*)"', text))
        for address in [*_ADDRESS.findall(text), *_LISTED.findall(html.unescape(nights))]:
            if address and ":" not in address:
                target = urllib.parse.urljoin(page, html.unescape(address))
                if not {target, urllib.parse.unquote(target)} & paths:
                    found.append((page, address))
    return found


def missing(store):
    """(job, path) of every file that a run record names and that is gone."""
    paths = {info.path for info in store.files.list()}
    found = []
    for record in store.runs():
        found += [(record["job"], path) for group in files_of(record).values() for path in group if path not in paths]
    return found
