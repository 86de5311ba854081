from asd_core.pages.night.navigation import Neighbours
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.night_links import link_to, neighbours, reported
from asd_core.runs.report import report_night, report_path
from asd_core.runs.score import score
from asd_core.store.layout import night_page_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, files_of, fitted, listed


def test_only_nights_with_a_report_are_linked_and_a_new_one_reaches_pages_already_written(tmp_path):
    archive, store = fitted(tmp_path)
    score(store, KNN, listed(archive), LocalEngine())
    first, middle, last = NIGHTS
    report_night(store, KNN, first)
    report_night(store, KNN, last)
    assert neighbours(store, KNN.key(), first) == Neighbours(None, last)
    before = files_of(store.files.root)
    report_night(store, KNN, middle)
    assert reported(store, KNN.key(), NIGHTS) == NIGHTS
    assert neighbours(store, KNN.key(), middle) == Neighbours(first, last)
    after = files_of(store.files.root)
    changed = {path for path in before if after[path] != before[path]}
    assert changed == {report_path(KNN, first), report_path(KNN, last)}
    pages = {date: store.files.read(report_path(KNN, date)) for date in (first, last)}
    assert all(f"date={middle}/index.html".encode() in page for page in pages.values())
    for date, page in pages.items():
        report_night(store, KNN, date)
        assert store.files.read(report_path(KNN, date)) == page


def test_a_report_of_before_and_clips_without_a_date_have_no_links(tmp_path):
    store = Store(LocalFiles(tmp_path))
    assert neighbours(store, KNN.key(), "undated") == Neighbours() == neighbours(store, KNN.key(), NIGHTS[0])
    store.files.write(night_page_path(KNN.key(), NIGHTS[0]), b"a page without a place for links")
    link_to(store, KNN.key(), NIGHTS[1])
    assert store.files.read(night_page_path(KNN.key(), NIGHTS[0])) == b"a page without a place for links"
