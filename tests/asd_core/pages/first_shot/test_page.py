from asd_core.pages.first_shot.page import write_first_shot_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.first_shot.records import record_of
from tests.asd_core.pages.outline import EVIL, Outline


def page_of(folder, record):
    files = LocalFiles(folder)
    return files.read(write_first_shot_page(record, files, "reports/first-shot/plant/ab12")).decode()


def test_the_page_shows_the_three_tables_and_says_first_what_must_be_known(tmp_path):
    html = page_of(tmp_path, record_of())
    outline = Outline(html)
    for word in (
        "random weights",
        "grinder",
        "1.01",
        "0.87",
        "0.14",
        "0.700",
        "0.600",
        "0.650",
        "0.00 to 1.10",
        "kept",
    ):
        assert word in outline.text
    assert len(outline.named("table")) == 4 and html.index("random weights") < html.index("<main>")
    links = [link["href"] for link in outline.named("a")]
    assert {"../../../../tuning/tune-1/index.html", "../../../../reports/synthesis/plant/cd34/index.html"} <= set(links)


def test_without_labels_there_are_dashes_and_the_reason(tmp_path):
    outline = Outline(page_of(tmp_path, record_of(auc=None)))
    assert "Figures need test clips of known condition." in outline.text and "0.700" not in outline.text
    assert len(outline.named("table")) == 3


def test_names_are_escaped(tmp_path):
    html = page_of(tmp_path, record_of(types=(EVIL[0], "shaker"), notes=(EVIL[0],)))
    assert EVIL[0] not in html and "script" not in {tag for tag, _ in Outline(html).elements}


def test_the_same_record_gives_the_same_bytes(tmp_path):
    assert page_of(tmp_path / "a", record_of()) == page_of(tmp_path / "b", record_of())
