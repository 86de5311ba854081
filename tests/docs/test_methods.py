"""The pages of methods: their figures are those of the pages that they name, and their recipes are there."""

import re

import pytest

from asd_core.recipe.recipe import built_in_recipes
from tests.docs.blocks import ROOT

METHODS = sorted((ROOT / "docs").glob("method-*.md"))
PARTS = ("What it does", "What runs it", "What is different here", "Measured here")


def part(text, heading):
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.stem)
def test_a_page_has_the_same_parts_as_the_others(page):
    headings = re.findall(r"^## (.*)$", page.read_text("utf-8"), re.MULTILINE)
    assert tuple(headings) == PARTS


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.stem)
def test_its_measured_rows_stand_on_a_page_that_it_names(page):
    measured = part(page.read_text("utf-8"), "Measured here")
    named = set(re.findall(r"\]\(([\w-]+\.md)", measured))
    there = {line for name in named for line in (ROOT / "docs" / name).read_text("utf-8").splitlines()}
    rows = [line for line in measured.splitlines() if line.startswith("|") and not line.startswith("|---")]
    assert rows and not [row for row in rows if row not in there]


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.stem)
def test_a_paper_is_named_and_so_is_a_recipe(page):
    text = page.read_text("utf-8")
    assert re.search(r"^[A-Z]\. \w+.*\"", text.split("\n\n")[1], re.DOTALL)
    assert any(f"`{name}`" in part(text, "What runs it") for name in built_in_recipes())
