"""The rating form as a rater uses it: over file://, with the page's policy in force."""

import csv
import io
import re

import pytest

from asd_core.evaluation.csv_cells import restored
from asd_core.pages.night import write_report
from asd_core.store.local_files import LocalFiles

EVIL = ("=machine", 'id "1", 2')
# Not `:visible`: what is far from the window has no size until it comes near.
SHOWN = (
    "[...document.querySelectorAll('{}')].filter((e) => getComputedStyle(e).display !== 'none')"
    ".map((e) => e.textContent)"
)
METHODS = ("hybrid", "text-decoder", "zero-shot")


@pytest.fixture(scope="module")
def address(make, tmp_path_factory):
    rows = [make.scored(name, 2.0, EVIL) for name in "abc"]
    captions = [make.caption(name, method, EVIL) for name in "abc" for method in METHODS]
    night = make.night(rows, [make.record(EVIL)], captions=make.captions(*captions))
    files = LocalFiles(tmp_path_factory.mktemp("report"))
    return files.uri(write_report(night, files, "r", None))


@pytest.fixture
def context(browser):
    context = browser.new_context()
    complaints = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def form(context, address):
    page = context.new_page()
    page.goto(address)
    page.locator("#rate").click()
    page.wait_for_selector("body.rating-on")  # a browser tells of the opening a moment later
    return page


def rate(page, number, rating):
    page.locator(".caption").nth(number).locator(f"input[value='{rating}']").check()


def exported(page):
    with page.expect_download() as download:
        page.locator("#export-ratings").click()
    assert download.value.suggested_filename == "ratings.csv"
    text = download.value.path().read_text("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_nothing_of_it_shows_until_it_is_opened(context, address):
    page = context.new_page()
    page.goto(address)
    assert page.evaluate(SHOWN.format("fieldset")) == []
    page.locator("#rate").click()
    page.wait_for_selector("body.rating-on")
    assert len(page.evaluate(SHOWN.format("fieldset"))) == 9


def test_the_ratings_are_exported_as_they_were_given(form):
    form.locator("#rater").fill("@nn")
    rate(form, 0, 4)
    rate(form, 5, 1)
    one, other = exported(form)
    assert list(one) == [
        "rater",
        "date",
        "machine_type",
        "machine_id",
        "clip_id",
        "uri",
        "method",
        "llm",
        "rating",
        "rated_at",
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one.pop("rated_at"))
    assert {name: restored(cell) for name, cell in one.items()} == {
        "rater": "@nn",
        "date": "2026-11-19",
        "machine_type": "=machine",
        "machine_id": 'id "1", 2',
        "clip_id": "a",
        "uri": "file:///plant/a.flac",
        "method": "hybrid",
        "llm": "gpt at example.org",
        "rating": "4",
    }
    assert (one["rater"], one["machine_type"]) == ("'@nn", "'=machine")
    assert (other["clip_id"], other["method"], other["rating"]) == ("b", "zero-shot", "1")


def test_progress_is_told_and_the_next_without_a_rating_is_found_with_the_keyboard_alone(form):
    assert form.locator("#rated-text").inner_text() == "0 of 9 captions rated"
    form.locator("#next-unrated").focus()
    form.keyboard.press("Enter")
    form.keyboard.press("Space")
    form.keyboard.press("ArrowRight")
    assert form.locator("#rated-text").inner_text() == "1 of 9 captions rated"
    assert form.locator(".caption").first.locator("input:checked").get_attribute("value") == "2"
    form.locator("#next-unrated").click()
    assert form.evaluate("document.activeElement.closest('.caption').dataset.method") == "text-decoder"


def test_ratings_are_kept_for_each_rater(form, address):
    rate(form, 0, 5)
    form.locator("#rater").fill("Ann")
    form.locator("#rater").press("Tab")
    rate(form, 1, 2)
    form.locator("#rater").fill("__proto__")
    form.locator("#rater").press("Tab")
    assert form.locator("#rated-text").inner_text() == "0 of 9 captions rated"
    form.goto(address)  # in the same tab: another may be shown what is kept a moment later
    assert form.locator("#rater").input_value() == "__proto__"
    assert form.locator("#rating-form").get_attribute("open") == ""
    form.locator("#rater").fill("Ann")
    assert [row["rating"] for row in exported(form)] == ["5", "2"]


def test_without_a_name_or_a_rating_nothing_is_exported(form):
    form.locator("#export-ratings").click()
    assert form.locator("#export-said").inner_text() == "Give your name first."
    form.locator("#rater").fill("Ann")
    form.locator("#export-ratings").click()
    assert form.locator("#export-said").inner_text() == "Nothing is rated yet."


def test_a_blind_rater_sees_no_method_and_a_mixed_order_that_stays(form):
    def order():
        return form.evaluate("[...document.querySelectorAll('.caption')].map((e) => e.dataset.method)")

    written = order()
    form.locator("#rater").fill("Ann")
    form.locator("#blind").check()
    assert form.evaluate(SHOWN.format(".method, .unblinding")) == []
    assert form.evaluate(SHOWN.format(".letter")) == ["Caption A:", "Caption B:", "Caption C:"] * 3
    mixed = order()
    assert mixed != written and sorted(mixed) == sorted(written)
    form.reload()
    assert order() == mixed
    form.locator("#blind").uncheck()
    assert order() == written and form.evaluate(SHOWN.format(".letter")) == []
    assert form.evaluate(SHOWN.format(".method")) == ["Hybrid:", "Text decoder:", "Zero-shot:"] * 3


@pytest.mark.parametrize("width", [320, 768])
def test_nothing_runs_off_the_side_with_all_open(form, width):
    form.set_viewport_size({"width": width, "height": 740})
    form.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    form.evaluate("document.querySelectorAll('.machine, .clip').forEach((e) => e.scrollIntoView())")
    assert form.evaluate("document.documentElement.scrollWidth") == width
