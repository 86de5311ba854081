"""Hook of the site: its navigation, the pages beside docs/, and links between the two.

The pages are written for a plain repository host. There each folder's README is its first page; here the README at the
top is the first page, and docs/README.md, which lists all pages, is `pages.md`. Its list is the navigation.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
# Path in the repository → path in the site.
MOVED = {
    "README.md": "index.md",
    "docs/README.md": "pages.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LICENSE": "LICENSE.txt",
    "examples/README.md": "examples.md",
}
# api.md has a heading above each docstring's own.
_CSS = "h4.doc-heading { height: 0; margin: 0; overflow: hidden; }\n"
_AT_HOME = {site: source for source, site in MOVED.items()}
_PROJECT = ("contributing.md", "changelog.md", "examples.md")
_LISTED = re.compile(r"^(?:## (.+)|- \[[^\]]+\]\(([\w-]+\.md)\).*)$", re.MULTILINE)
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_FENCE = re.compile(r"^( *)```(\w+) +(\S+)$", re.MULTILINE)
_API = re.compile(r"^<!-- api: ([\w.]+) -->$", re.MULTILINE)
_MARKS = re.compile(r"^ *<!-- (?:not run: .*|printed) -->\n", re.MULTILINE)
_CODE = re.compile(r"^( *```.*?^ *```$|`[^`\n]+`)", re.MULTILINE | re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Take the navigation from the list of all pages."""
    listed = navigation((ROOT / "docs" / "README.md").read_text("utf-8"))
    config.nav = ["index.md", "pages.md", *listed, {"The project": list(_PROJECT)}]
    return config


def navigation(text: str) -> list[Any]:
    """The pages of a list in Markdown: names, and sections of them by the headings above."""
    found: list[Any] = []
    at = found
    for heading, page in _LISTED.findall(text):
        if heading:
            at = []
            found.append({heading: at})
        else:
            at.append(page)
    return found


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie beside docs/, and give its list of pages another name."""
    if listed := files.get_file_from_path("README.md"):
        files.remove(listed)
    for source, site in MOVED.items():
        files.append(File.generated(config, site, content=(ROOT / source).read_text("utf-8")))
    files.append(File.generated(config, "assets/site.css", content=_CSS))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between files into links between pages, and write fences in the way of the site."""
    home = _AT_HOME.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    parts = _CODE.split(_API.sub(r"\n::: \1\n", _MARKS.sub("\n", markdown)))
    parts[::2] = [_LINK.sub(lambda found: found[1] + placed(found[2], home) + found[3], part) for part in parts[::2]]
    return _FENCE.sub(r'\1```\2 title="\3"', "".join(parts))


def placed(target: str, home: str) -> str:
    """The address in the site of what a page of the repository links to.

    Args:
        target: a link's path, from the page's folder; addresses elsewhere are left alone.
        home: path of the page in the repository.

    Raises:
        ValueError: a path that the site does not have.
    """
    if "://" in target or target.startswith("mailto:"):
        return target
    path = posixpath.normpath(posixpath.join(posixpath.dirname(home), target))
    if path not in MOVED and not path.startswith("docs/"):
        raise ValueError(f"{home}: {target} is no page of the site: add it to MOVED in {Path(__file__).name}")
    return MOVED.get(path, path.removeprefix("docs/"))
