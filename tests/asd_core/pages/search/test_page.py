import re
from dataclasses import replace

import numpy as np
import pytest

from asd_core.pages.search.page import write_search_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.outline import Outline
from tests.asd_core.tuning.outcomes import GRID, report_of, scope_of

EVIL = "<script>alert(1)</script>\n\u202e"
ONE = {"detector.k": {"grid": [1, 2]}}


def page_of(tmp_path, scopes, **changes):
    files = LocalFiles(tmp_path)
    path = write_search_page(report_of(scopes, **changes), files, "tuning/t")
    assert path == "tuning/t/index.html"
    return files.read(path).decode()


def test_the_page_says_what_was_chosen_and_how_sure_that_is(tmp_path):
    fan = scope_of()
    text = Outline(page_of(tmp_path, [fan, scope_of(name="pump")])).text
    assert f"encoder.r = {fan.settings[fan.best]['encoder.r']}, detector.n_components = 2" in text
    for part in ("Told apart", "Level only", "0.610", "of 92", "best 20 compared", "# chosen"):
        assert part in text


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert page_of(tmp_path / "a", [scope_of()]) == page_of(tmp_path / "b", [scope_of()])


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(tmp_path):
    html = page_of(tmp_path, [scope_of()])
    elements = Outline(html).elements
    assert not {"script", "iframe", "object", "embed"} & {tag for tag, _ in elements}
    attributes = [pair for _, each in elements for pair in each.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name == "style"]
    assert [value for name, value in attributes if name in ("src", "href") and value[0] != "#"] == ["data:,"]
    assert re.search(r"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'sha256-", html)


def test_names_from_files_are_text(tmp_path):
    scope = scope_of(name=EVIL)
    evil = {"left_out": [(EVIL, EVIL)], "unusable": [(EVIL, EVIL)], "warnings": [EVIL], "recipe": EVIL}
    html = page_of(tmp_path, [replace(scope, errors={0: EVIL})], **evil)
    assert "<script" not in html and "\u202e" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") > 5


def test_every_figure_is_named_described_and_given_as_a_table(tmp_path):
    html = page_of(tmp_path, [scope_of(machines=2)])
    figures = re.findall(r'<svg [^>]*role="img" aria-labelledby="(\S+) (\S+)"', html)
    assert len(figures) == 4  # two curves, the map and the lines
    for title, desc in figures:
        assert f'<title id="{title}">' in html and f'<desc id="{desc}">' in html
    for summary in ("These curves in figures", "This map in figures"):
        assert summary in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_a_scope_without_a_result_says_so(tmp_path):
    scope = scope_of(machines=1)
    nothing = replace(scope, objectives=np.full(len(scope.settings), np.nan), certainty={}, errors={0: "too few clips"})
    text = Outline(page_of(tmp_path, [nothing, scope_of(name="pump")])).text
    assert "no setting could be evaluated" in text and "too few clips" in text


@pytest.mark.parametrize("tables", [ONE, GRID, {**GRID, "embedding.transform": {"choice": ["none", "log-zscore"]}}])
def test_spaces_of_any_form_have_a_page(tmp_path, tables):
    assert "</html>" in page_of(tmp_path, [scope_of(tables, machines=1, auc_level_only=None)])


def test_a_search_for_hundreds_of_machines_stays_readable(tmp_path):
    scopes = [scope_of(ONE, machines=1, name=f"fan {number:03d}") for number in range(120)]
    html = page_of(tmp_path, scopes, left_out=[(f"pump {n}", "no label") for n in range(250)])
    assert html.count('<section class="machine scope"') == 100
    assert "The first 100 of 120" in html and "50 further machines" in html
