"""The page of a first-shot run as a browser shows it."""

import pytest

from asd_core.pages.first_shot.page import write_first_shot_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.first_shot.records import record_of


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_runs_off_the_side(browser, tmp_path, width):
    files, complaints = LocalFiles(tmp_path), []
    record = record_of(types=("machine_type_without_a_single_break_" * 4, *"abcdefg"))
    page = browser.new_page(viewport={"width": width, "height": 740})
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(files.uri(write_first_shot_page(record, files, "reports/first-shot/plant/ab12")))
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width and complaints == []
    page.close()
