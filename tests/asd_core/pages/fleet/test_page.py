import json

import numpy as np
import pytest

from asd_core.pages.fleet import write_fleet_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.fleet.histories import DATES, history, night_of
from tests.asd_core.pages.outline import EVIL, Outline

DRAWN = {("fan", "1"): "··NA", ("fan", "2"): "W···", ("pump", "1"): "?-E·"}


def page_of(tmp_path, fleet, **options):
    path = write_fleet_page(fleet, LocalFiles(tmp_path), "reports/k/index.html", **options)
    return Outline((tmp_path / path).read_text("utf-8"))


def test_nights_with_a_report_are_linked_and_no_others(tmp_path):
    page = page_of(tmp_path, history(DRAWN, reports=(DATES[1], DATES[3])))
    linked = {link["href"].partition("#")[0] for link in page.named("a")} - {""}
    assert linked == {"date=2026-11-02/index.html", "date=2026-11-04/index.html"}
    (grid,) = [table for table in page.named("table") if "data-nights" in table]
    assert [bool(link) for _, link in json.loads(grid["data-nights"])] == [False, True, False, True]


def test_each_machine_is_a_row_with_letters_that_need_no_colour_and_no_script(tmp_path):
    page = page_of(tmp_path, history(DRAWN))
    rows = [row["data-machine"] for row in page.named("tr") if "data-anchor" in row]
    assert rows == ["fan 1", "fan 2", "pump 1"]
    assert "in alarm, second night in a row" in page.text and "1 machine is in alarm." in page.text
    assert page.text.count("N A") >= 1 and "1 new alarm in 4 judged nights" in page.text


def test_more_alarms_than_chance_explains_stand_on_top(tmp_path):
    told = {"precision": "Of 12 labelled alarms 9 were faults."}
    quiet, loud = (history({("fan", str(n)): letters * 10 for n in range(3)}, **told) for letters in ("·", "N"))
    assert "Alarms against expectation." not in page_of(tmp_path, quiet).text
    assert "Of 12 labelled alarms 9 were faults." in page_of(tmp_path, quiet).text
    assert "the calibration is wrong" in page_of(tmp_path, loud).text.partition("Machines over nights")[0]


def test_the_newest_nights_are_open_and_a_night_without_alarms_says_so(tmp_path):
    nights = [night_of(f"2026-{month:02d}-01", "·") for month in range(1, 13)] * 3
    fleet = history({("fan", "1"): "·" * 36}, nights=[*nights[:-1], night_of("2027-01-01", "")], nights_before=5)
    page = page_of(tmp_path, fleet)
    assert "5 earlier nights" in page.text and "5 nights before these are in the store" in page.text
    assert "2027-01-01 alarms not known" in page.text


def test_drift_is_told_with_what_to_do(tmp_path):
    drawn = {("fan", "1"): "·"}
    shifted = [night_of(DATES[0], "·", fleet_shift=2.0)]
    page = page_of(tmp_path, history(drawn, drifted_by=np.array([1.5]), nights=shifted))
    assert "fan 1 lies 1.5 deviations higher" in page.text and "fit them again" in page.text
    assert "2026-11-01: the whole fleet lay 2.0 deviations higher." in page.text
    assert "no machine drifts" in page_of(tmp_path, history(drawn)).text


@pytest.mark.parametrize("most_rows", [0, 300])
def test_names_that_want_to_act_are_text(tmp_path, most_rows):
    page = page_of(tmp_path, history({EVIL: "NA"}), most_rows=most_rows)
    assert len(page.named("script")) == 1 and "<script>alert(1)</script>" in page.text


def test_a_page_that_did_not_change_is_not_written_again(tmp_path):
    page_of(tmp_path, history(DRAWN))
    before = (tmp_path / "reports/k/index.html").stat().st_mtime_ns
    page_of(tmp_path, history(DRAWN))
    assert (tmp_path / "reports/k/index.html").stat().st_mtime_ns == before
