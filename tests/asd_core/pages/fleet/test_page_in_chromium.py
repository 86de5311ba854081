"""The page of all nights as a browser shows it: over file://, with a pointer, a finger and a keyboard."""

import pytest

from asd_core.digest import name_hash
from asd_core.pages.fleet import write_fleet_page
from asd_core.store.local_files import LocalFiles
from tests.asd_core.pages.fleet.histories import DATES, history
from tests.asd_core.pages.outline import EVIL

pytestmark = pytest.mark.slow

LONG = ("machine_type_without_a_single_break_" * 4, "id_" + "9" * 60)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    root = tmp_path_factory.mktemp("fleet")
    LocalFiles(root).write("n/date=2026-11-29/index.html", b"<!doctype html><link rel=icon href=data:,>a report")
    drawn = {EVIL: "·" * 28 + "NA", LONG: "W·" * 15, **{("fan", f"{n:02d}"): "·?E-C" * 6 for n in range(9)}}
    return LocalFiles(root).uri(write_fleet_page(history(drawn, DATES[:-1]), LocalFiles(root), "n/index.html", 6))


def place(page, row, night, nights=30):
    """Where a machine's letter of a night lies."""
    box = page.locator("tbody .letters > span").nth(row).bounding_box()
    return box["x"] + (night + 0.5) * box["width"] / nights, box["y"] + box["height"] / 2


def test_a_pointer_tells_machine_night_and_p_and_a_click_leads_to_the_report_at_the_machine(open_page):
    page = open_page(viewport={"width": 1100, "height": 900})
    page.mouse.move(*place(page, 0, 28))
    told = page.locator("#told").inner_text()
    assert "2026-11-29: new alarm: p 0.0010, 1 night in 1,000 of a well machine is as unusual." in told
    assert "<script>alert(1)</script>" in told
    page.mouse.click(*place(page, 0, 28))
    wanted = f"/date=2026-11-29/index.html#machine-{name_hash(*EVIL)}"
    page.wait_for_timeout(1000)
    assert page.url.endswith(wanted)


def test_a_night_without_a_report_leads_nowhere(open_page):
    page = open_page(viewport={"width": 1100, "height": 900})
    page.mouse.click(*place(page, 0, 29))
    assert "2026-11-30: in alarm" in page.locator("#told").inner_text() and page.locator("#told a").count() == 0


def test_a_phone_shows_the_newest_night_without_scrolling_and_a_tap_shows_a_link(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    across, _ = place(page, 0, 29)
    assert 0 < across < 390
    page.locator(".fleet").scroll_into_view_if_needed()
    page.touchscreen.tap(*place(page, 0, 28))
    assert page.locator("#told a").get_attribute("href").startswith("date=2026-11-29/")


def test_arrows_go_from_night_to_night_and_counts_of_a_type_are_told(open_page):
    page = open_page(viewport={"width": 1100, "height": 900})
    page.locator("tbody .letters > span").first.focus()
    page.keyboard.press("ArrowLeft")
    assert "2026-11-29" in page.locator("#told").inner_text()
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    assert "fan, 2026-11-29: 0 in alarm, 0 watched, 0 within chance, 0 not decided, 0 not scored." in (
        page.locator("#told").inner_text()
    )


def test_machines_are_found_by_name(open_page):
    page = open_page()
    page.locator("#filter").fill("fan 0")
    assert page.locator("#found").inner_text() == "4 found"
