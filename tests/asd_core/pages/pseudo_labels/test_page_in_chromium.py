"""The page of pseudo-labels as a browser shows it."""

import pytest

from asd_core.pages.pseudo_labels.page import write_pseudo_label_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.pseudo_labels.reports import report_of

LONG = "machine_type_without_a_single_break_" * 4


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    files = LocalFiles(tmp_path_factory.mktemp("report"))
    return files.uri(write_pseudo_label_page(report_of("fan", LONG, is_scored=True, key="k"), files))


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_nothing_runs_off_the_side(open_page, width):
    page = open_page(viewport={"width": width, "height": 740})
    page.evaluate("document.querySelectorAll('.machine').forEach((section) => section.scrollIntoView())")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_marks_of_different_classes_and_scores_look_different(open_page):
    page = open_page()
    look = "(name) => getComputedStyle(document.querySelector(name))"
    strokes = {page.evaluate(f"({look})('{name}').stroke") for name in (".c0.dots", ".c1.dots", ".none.dots")}
    opacities = [float(page.evaluate(f"({look})('.s{level}.dots').opacity")) for level in range(5)]
    assert len(strokes) == 3 and opacities == sorted(set(opacities))
    assert page.get_by_role("img", name="fan 00: Pseudo-labels").count() == 1
    page.close()
