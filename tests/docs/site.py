"""The site of the pages as a browser gets it: links, places to jump to, and what it loads."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.docs.blocks import ROOT

CONFIG = ROOT / "infra" / "docs" / "mkdocs.yml"
# Attributes of a page that make a browser fetch something by itself.
_FETCHED = {"script": "src", "img": "src", "iframe": "src", "audio": "src", "video": "src", "source": "src"}
_LINKS_FETCHED = {"stylesheet", "icon", "preload", "preconnect", "prefetch", "dns-prefetch", "modulepreload"}


def build(folder):
    """Build the site as `make site` does; gives what the build said."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", CONFIG, "--site-dir", folder]
    around = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=around, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


class Html(HTMLParser):
    """A page's links, ids, and the addresses that it loads.

    Attributes:
        links: addresses of its anchors.
        ids: of its elements.
        loaded: addresses of scripts, styles, pictures and the like.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.loaded: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if found.get(_FETCHED.get(tag, "")):
            self.loaded.append(found[_FETCHED[tag]])
        if tag == "link" and _LINKS_FETCHED & set((found.get("rel") or "").split()):
            self.loaded.append(found["href"])


def elsewhere(address):
    """True where an address names another host."""
    return bool(urlsplit(address).netloc)


def dead_links(folder, pages):
    """The links of a site's pages that lead to no file or to no place in it."""
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            root = folder if parts.path.startswith("/") else path.parent  # the page of "not found" begins with /
            target = (root / unquote(parts.path).lstrip("/")).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            inside = target in pages or target.exists()
            if not inside or (parts.fragment and unquote(parts.fragment) not in pages[target].ids):
                found.append(f"{path.relative_to(folder)}: {link}")
    return found
