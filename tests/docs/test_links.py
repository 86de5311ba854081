"""Links of the pages lead somewhere, and every page is linked."""

import re
import string

import pytest

from tests.docs.blocks import PAGES, ROOT

INDEX = (ROOT / "docs" / "README.md").read_text("utf-8")
TEXTS = {page: page.read_text("utf-8") for page in PAGES}


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    kept = string.ascii_lowercase + string.digits + "-_ "
    return {"".join(c for c in heading.lower() if c in kept).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_of_it(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", TEXTS[page], flags=re.DOTALL)):
        if target.startswith("http"):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(TEXTS[path]), f"{page.name}: {target}"


def test_the_index_lists_every_page():
    assert not [page.name for page in PAGES if page.parent != ROOT and f"({page.name})" not in INDEX + "(README.md)"]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_have_at_most_120_characters(page):
    lines = enumerate(page.read_text("utf-8").splitlines(), 1)
    assert not [(number, len(line)) for number, line in lines if len(line) > 120]
