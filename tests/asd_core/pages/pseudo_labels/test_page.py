import re

import pytest

from asd_core.pages.pseudo_labels.page import MACHINES, write_pseudo_label_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.outline import EVIL, Outline
from tests.asd_core.pages.pseudo_labels.reports import report_of


def page_of(tmp_path, report):
    files = LocalFiles(tmp_path)
    assert write_pseudo_label_page(report, files) == "pseudo_labels/kinds/index.html"
    return files.read("pseudo_labels/kinds/index.html").decode()


def titles(html):
    return re.findall(r"<h4>(.*?)</h4>", html)


def test_maps_by_attribute_by_pseudo_label_and_by_score_stand_side_by_side(tmp_path):
    html = page_of(tmp_path, report_of(is_scored=True, key="twfr-knn-0123"))
    assert titles(html) == ["True attributes", "Pseudo-labels", "Anomaly scores"]
    text = Outline(html).text
    for part in ("0.900", "space twfr; UMAP fitted to training normals only", "speed_0 (30)", "twfr-knn-0123"):
        assert part in text


def test_what_is_not_known_is_not_drawn(tmp_path):
    html = page_of(tmp_path, report_of(attributes=False))
    assert titles(html) == ["Pseudo-labels"] and '<td class="n">–</td>' in html


def test_a_transductive_map_and_notes_are_told_first(tmp_path):
    report = report_of(method={"transductive": True}, notes=["random weights (seed 0)"], left_out=["pump 01"])
    text = Outline(page_of(tmp_path, report)).text
    assert text.index("have seen the test clips") < text.index("random weights (seed 0)") < text.index("Clusters")
    assert "No training normal could be embedded of pump 01" in text


def test_clips_that_could_not_be_embedded_have_no_mark_and_no_machine_breaks_the_page(tmp_path):
    assert "(27)" in Outline(page_of(tmp_path, report_of(unread=6))).text
    assert "No clip could be placed." in page_of(tmp_path, report_of(unread=60))


@pytest.mark.parametrize("evil", EVIL)
def test_names_from_files_are_text(tmp_path, evil):
    html = page_of(tmp_path, report_of(evil, is_scored=True, key=evil, notes=[evil], left_out=[evil]))
    assert "<script" not in html and "\n%00</bdi>" not in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"[\w-]+", one) for one in ids)


def test_nothing_is_loaded_from_elsewhere_and_nothing_runs(tmp_path):
    html = page_of(tmp_path, report_of(is_scored=True))
    elements = Outline(html).elements
    assert not {"script", "iframe", "object", "embed"} & {tag for tag, _ in elements}
    assert "default-src 'none'" in html


def test_the_same_report_gives_the_same_bytes(tmp_path):
    assert page_of(tmp_path / "a", report_of()) == page_of(tmp_path / "b", report_of())


def test_of_many_machines_the_first_have_maps(tmp_path):
    html = page_of(tmp_path, report_of(*(f"fan {number:03d}" for number in range(MACHINES + 2))))
    assert html.count('<section class="machine"') == MACHINES and f"The first {MACHINES} of 62 machines" in html
