"""The page of generated clips as a browser shows it."""

import pytest

from asd_core.pages.synthesis.page import write_listening_page
from tests.asd_core.pages.synthesis.reports import report_in

LONG = "machine_type_without_a_single_break_" * 3


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    report, files = report_in(tmp_path_factory.mktemp("store"), ("fan", "00"), (LONG, "07"), clips=2, bad=(0,))
    return files.uri(write_listening_page(report, files))


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_runs_off_the_side(open_page, width):
    page = open_page(viewport={"width": width, "height": 740})
    page.evaluate("document.querySelectorAll('.machine').forEach((section) => section.scrollIntoView())")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_every_clip_plays_and_only_one_at_a_time(open_page):
    page = open_page()
    seconds = """Promise.all([...document.querySelectorAll('audio')].map((player) => new Promise((done) => {
        player.onloadedmetadata = () => done(player.duration); player.onerror = () => done(null); player.load();
        player.preload = 'auto'; })))"""
    assert page.evaluate(seconds) == [0.5] * 7
    page.evaluate("document.querySelectorAll('audio').forEach((player) => player.dispatchEvent(new Event('play')))")
    assert page.evaluate("[...document.querySelectorAll('audio')].every((player) => player.paused)")
    page.close()


def test_a_machine_type_can_be_picked(open_page):
    page = open_page()
    page.get_by_label("Machine type").select_option("fan")
    assert [one.is_visible() for one in page.locator(".machine").all()] == [True, False]
    page.close()
