"""The page of all nights from a store: complete, and made anew where a rule or scores changed."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.alarms import find_alarms
from asd_core.runs.fleet_pages import report_nights
from asd_core.runs.report import report_night
from asd_core.runs.score import score
from asd_core.store.layout import alarms_path, nights_page_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pages.outline import Outline
from tests.fleet import KNN, NIGHTS, files_of, fitted, listed, write_wav

PAGE = nights_page_path(KNN.key())


@pytest.fixture
def scored(tmp_path):
    """A store of two scored nights; nobody has looked for alarms."""
    archive, store = fitted(tmp_path)
    score(store, KNN, listed(archive, since=NIGHTS[1]), LocalEngine())
    return archive, store


def text_of(store):
    return Outline(store.files.read(PAGE).decode()).text


def test_nights_that_nobody_looked_at_are_judged_for_the_page_and_it_is_written_once(scored):
    _, store = scored
    assert report_nights(store, KNN) == PAGE
    assert all(store.files.exists(alarms_path(KNN.key(), date)) for date in NIGHTS[1:])
    assert "2 nights up to 2026-11-03" in text_of(store) and "not decided" in text_of(store)
    before = files_of(store.files.root)
    report_nights(store, KNN)
    assert files_of(store.files.root) == before


def test_another_rule_makes_all_nights_anew_and_a_trial_rule_of_one_night_leaves_no_trace(scored):
    _, store = scored
    report_nights(store, KNN)
    page = store.files.read(PAGE)
    trial = KNN.with_settings({"alarm.false_alarms": 3.0, "alarm.least_nights": 5})
    find_alarms(store, trial, NIGHTS[2:])
    report_nights(store, KNN)
    assert store.files.read(PAGE) == page
    before = files_of(store.files.root)
    report_nights(store, trial)
    after = files_of(store.files.root)
    changed = {path for path in after if after[path] != before.get(path)}
    assert {alarms_path(KNN.key(), date) for date in NIGHTS[1:]} <= changed


def test_a_report_is_linked_once_it_is_there(scored):
    _, store = scored
    report_nights(store, KNN)
    assert b"date=" not in store.files.read(PAGE)
    report_night(store, KNN, NIGHTS[2])
    report_nights(store, KNN)
    page = store.files.read(PAGE)
    assert b"date=2026-11-03/index.html" in page and b"date=2026-11-02" not in page


def test_nights_whose_alarms_cannot_be_found_are_there_with_the_reason(scored):
    _, store = scored
    for info in store.files.list("embeddings"):
        if "/shards/" in info.path:
            store.files.delete(info.path)
    for info in store.files.list():
        if info.path.endswith("nights.parquet") or info.path.startswith("fitted_nights/"):
            store.files.delete(info.path)
    report_nights(store, KNN)
    assert "Alarms of 2 nights could not be found" in text_of(store) and "alarms not known" in text_of(store)


def test_clips_without_a_date_make_no_page(tmp_path):
    archive, store = fitted(tmp_path)
    write_wav(archive / "machine_type=fan/machine_id=00/late.wav", seed=1)
    clips = listed(archive)
    score(store, KNN, clips.filter([date == "undated" for date in clips["date"].to_pylist()]), LocalEngine())
    assert report_nights(store, KNN) is None
    assert report_nights(Store(LocalFiles(tmp_path / "empty")), KNN) is None
