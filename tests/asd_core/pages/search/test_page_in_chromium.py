"""The report of a search as a browser shows it."""

import pytest

from asd_core.pages.search.page import write_search_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.tuning.outcomes import report_of, scope_of

LONG = "machine_type_without_a_single_break_" * 4


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    files = LocalFiles(tmp_path_factory.mktemp("report"))
    scopes = [scope_of(), scope_of(name=LONG, machines=1, auc_level_only=None)]
    return files.uri(write_search_page(report_of(scopes, left_out=[(LONG, LONG)]), files, "t"))


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_runs_off_the_side(open_page, width):
    page = open_page(viewport={"width": width, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.evaluate("document.querySelectorAll('.machine').forEach((section) => section.scrollIntoView())")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_the_style_is_the_one_that_the_page_allows_itself(open_page):
    colours = []
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        page.locator(".cell").first.scroll_into_view_if_needed()
        colours.append(page.evaluate("getComputedStyle(document.querySelector('.cell')).fill"))
        page.close()
    assert colours == ["rgb(26, 86, 176)", "rgb(147, 187, 255)"]


def test_figures_can_be_found_by_their_names(open_page):
    page = open_page()
    page.evaluate("document.querySelectorAll('.machine').forEach((section) => section.scrollIntoView())")
    assert page.get_by_role("img", name="fan 00 over encoder.r").count() == 1
    assert page.get_by_role("img", name="Objective over encoder.r and detector.n_components").count() == 2
    page.close()
