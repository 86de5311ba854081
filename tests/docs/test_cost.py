"""docs/cost.md has the figures of the pages that it names."""

import pytest

from tests.docs.blocks import ROOT
from tests.docs.write_cost import ANSWER, PAGE, WORK, page

ANSWER_WORDS = 40  # that a language model is asked for, at most


def test_the_tables_are_made_of_the_figures_and_the_prompts():
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.docs.write_cost"


@pytest.mark.parametrize("work", WORK, ids=lambda work: work.words)
def test_a_figure_stands_on_the_page_that_it_is_from(work):
    text = " ".join((ROOT / "docs" / work.page).read_text("utf-8").split())
    assert work.quoted in text


def test_the_answer_that_is_counted_has_as_many_words_as_one_may_have_at_most():
    assert 20 < len(ANSWER.split()) <= ANSWER_WORDS
