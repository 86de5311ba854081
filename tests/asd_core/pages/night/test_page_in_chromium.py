"""The page as a browser shows it: over file://, as most people will open it."""

import pytest

from asd_core.pages.night import Judgement, write_report
from asd_core.store.local_files import LocalFiles

EVIL = ("<script>alert(1)</script>", 'id"\nnew')
LONG = ("machine_type_without_a_single_break_" * 4, "id_" + "9" * 60)


@pytest.fixture(scope="module")
def address(make, tmp_path_factory):
    rows = [make.scored(f"a{i}", 2.0 + i, EVIL) for i in range(3)]
    rows += [
        make.scored("long_" + "x" * 200, 3.0, LONG),
        make.scored("n", 0.1, ("pump", "id_02"), warning="short " * 30),
    ]
    rows += [make.failed(f"e{i}", "empty", ("valve", "id_03")) for i in range(3)]
    earlier = [row | {"date": f"2026-11-{day}"} for day in range(10, 19) for row in rows]
    machines = [
        make.record(m, notes=("a fallback",))
        for m in (EVIL, LONG, ("pump", "id_02"), ("valve", "id_03"), ("slider", "id_04"))
    ]
    run = {"run_id": "3f2a", "versions": {"a" * 50: "b" * 300}}
    root = tmp_path_factory.mktemp("report")
    told = [make.caption("a2", method, EVIL, note="random weights") for method in ("hybrid", "zero-shot", "acoustic")]
    told.append(make.caption("a2", "text-decoder", EVIL, difference_caption=None, error="x" * 90))
    unbroken = {"difference_caption": "w" * 300, "clip_caption": "v" * 200, "warning": "u" * 90, "prompt": "p" * 900}
    told.append(make.caption("long_" + "x" * 200, "hybrid", LONG, texts=["t" * 80] * 3, **unbroken))
    judged = {EVIL: Judgement("act", 0, "New <alarm>.", "new", 1, "less than 1 night in 450")}
    judged[LONG] = Judgement("watch", 1, "Watched.", rarity="1 night in 200")
    night = make.night(rows, machines, earlier, run=run, captions=make.captions(*told), judgements=judged)
    return LocalFiles(root).uri(write_report(night, LocalFiles(root), "r", make.read_audio, media_limit=4))


def _contrast(page, selector):
    """WCAG contrast of an element's text against the first background behind it."""
    return page.evaluate(
        """selector => {
            const light = (colour) => {
                const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
                    const c = part / 255;
                    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
            };
            let element = document.querySelector(selector);
            const ink = light(getComputedStyle(element).color);
            while (getComputedStyle(element).backgroundColor === "rgba(0, 0, 0, 0)") element = element.parentElement;
            const paper = light(getComputedStyle(element).backgroundColor);
            return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        }""",
        selector,
    )


def test_a_machine_named_like_a_script_is_text(open_page):
    assert "<script>alert(1)</script>" in open_page().locator("h3").first.inner_text()


def test_every_player_loads_its_recording(open_page):
    durations = open_page().evaluate(
        """() => Promise.all([...document.querySelectorAll("audio")].map((audio) => new Promise((done) => {
            audio.onloadedmetadata = () => done(audio.duration);
            audio.onerror = () => done(-1);
            audio.preload = "metadata";
            audio.load();
        })))"""
    )
    assert durations == [pytest.approx(1.0, abs=0.01)] * 8


def test_pictures_load_when_they_come_near(open_page):
    page = open_page()
    for image in page.locator("img").all():
        image.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth === 720", arg=image.element_handle())


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_runs_off_the_side(open_page, width):
    page = open_page(viewport={"width": width, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    # Sections far away have no layout of their own until they are shown.
    page.evaluate("document.querySelectorAll('.machine, .clip').forEach((e) => e.scrollIntoView())")
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(open_page, scheme):
    page = open_page(color_scheme=scheme)
    statuses = [".status.alarm", ".status.watched", ".status.normal", ".status.unusable", ".status.silent"]
    selectors = [".lead", ".kicker", "main a", *statuses, ".place", "dt", "h4", ".bad dd", ".notes li", "footer p"]
    selectors += [".notice p", ".source", ".caption .problem", ".caption-notes li", ".rate label", ".rate .muted"]
    selectors += [".grounds h5 .muted", ".above td.n", ".legend", ".prompt", "#export-ratings", "#rater"]
    assert {selector: contrast for selector in selectors if (contrast := _contrast(page, selector)) < 4.5} == {}


def test_light_and_dark_differ(open_page):
    light, dark = (
        open_page(color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    )
    assert light != dark


def test_the_first_tab_skips_to_the_machines(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the machines"
    assert page.locator(":focus").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "machines"


def test_every_control_is_reached_by_tab_and_shows_that_it_is(open_page):
    page, reached = open_page(), set()
    for _ in range(70):
        page.keyboard.press("Tab")
        element = page.evaluate(
            """() => {
                const e = document.activeElement;
                return [e.localName, getComputedStyle(e).outlineStyle];
            }"""
        )
        reached.add(tuple(element))
    tags = {tag for tag, _ in reached}
    assert {"a", "summary", "input", "audio"} <= tags
    assert all(outline != "none" for tag, outline in reached if tag in ("a", "summary", "input"))


def test_j_and_k_go_from_clip_to_clip_unless_switched_off(open_page):
    page = open_page()
    clips = page.evaluate("[...document.querySelectorAll('.clip')].map((clip) => clip.id)")
    focused = []
    for key in "jjkj":
        page.keyboard.press(key)
        focused.append(page.evaluate("document.activeElement.id"))
    assert focused == [clips[0], clips[1], clips[0], clips[1]]
    page.locator("#keys").uncheck()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == "keys"


def test_the_filter_finds_a_machine_and_types_the_letter_j(open_page):
    page = open_page()
    page.locator("#filter").press_sequentially("jpump")
    assert page.locator("tbody tr[data-machine]:visible").count() == 0
    page.locator("#filter").fill("PUMP")
    assert page.locator("section.machine:visible").count() == 1
    assert page.locator("#found").inner_text() == "1 found"


def test_one_sound_plays_at_a_time(open_page):
    playing = open_page().evaluate(
        """async () => {
            const [one, two] = document.querySelectorAll("audio");
            one.muted = two.muted = true;
            one.loop = two.loop = true;
            await one.play();
            await two.play();
            return [one.paused, two.paused];
        }"""
    )
    assert playing == [True, False]


def test_on_paper_players_are_hidden_and_what_is_short_is_open(open_page):
    page = open_page()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("audio:visible, .tools:visible").count() == 0
    assert page.locator("details.group:not([open]), details.nearest:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def test_a_chart_is_named_and_described_for_those_who_cannot_see_it(open_page):
    chart = open_page().get_by_role("img", name="Score history of pump id_02")
    assert "Tonight's highest is 0.1000, the threshold 1.000" in chart.locator("desc").text_content()
