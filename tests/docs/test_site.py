"""The site builds without a warning, holds every page, and loads nothing from elsewhere."""

import importlib.util
import re
import shutil
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

import asd_core
from tests.docs.blocks import PAGES, ROOT
from tests.docs.site import Html, build, dead_links, elsewhere

_SPEC = importlib.util.spec_from_file_location("root_pages", ROOT / "infra" / "docs" / "root_pages.py")
root_pages = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(root_pages)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site: its folder, what the build said, and its pages."""
    folder = tmp_path_factory.mktemp("site").resolve()
    said = build(folder)
    return folder, said, {path: Html(path) for path in sorted(folder.rglob("*.html"))}


def test_it_builds_without_a_warning(site):
    assert "Documentation built" in site[1]
    assert not re.search("warning|error", site[1], re.IGNORECASE), site[1]


def test_every_page_is_built_and_stands_in_the_navigation(site):
    folder, _, pages = site
    named = {root_pages.placed(str(page.relative_to(ROOT)), "README.md") for page in PAGES}
    built = {name.removesuffix(".md") + ".html" for name in named}
    assert built | {"404.html"} <= {path.name for path in pages}
    assert not built - {link.removeprefix("./") for link in pages[folder / "index.html"].links} - {"index.html"}


def test_the_navigation_is_the_list_of_pages():
    text = "# All\n\n- [First](first.md): begin\n\n## How to\n\n- [One](one.md): 1\n- [Two](two.md), 2\n"
    assert root_pages.navigation(text) == ["first.md", {"How to": ["one.md", "two.md"]}]


def test_every_link_leads_to_a_page_and_a_place_in_it(site):
    assert not dead_links(site[0], site[2])


def test_a_dead_link_is_found(tmp_path):
    (tmp_path / "one.html").write_text('<p id="here"><a href="#here"></a><a href="#gone"></a><a href="two.html"></a>')
    pages = {tmp_path / "one.html": Html(tmp_path / "one.html")}
    assert dead_links(tmp_path, pages) == ["one.html: #gone", "one.html: two.html"]


def test_nothing_is_loaded_from_elsewhere(site):
    folder, _, pages = site
    assert all(page.loaded for page in pages.values())
    assert not [(path.name, one) for path, page in pages.items() for one in page.loaded if elsewhere(one)]
    styles = "".join(path.read_text("utf-8") for path in folder.rglob("*.css"))
    assert not [one for one in re.findall(r"(?:url\(|@import +)['\"]?([^)'\"]+)", styles) if elsewhere(one)]


def test_what_a_page_loads_from_elsewhere_is_found(tmp_path):
    (tmp_path / "page.html").write_text('<link rel="preconnect" href="//fonts.test"><script src="https://a.test/b.js">')
    assert [elsewhere(one) for one in Html(tmp_path / "page.html").loaded] == [True, True]


@pytest.mark.parametrize(
    ("target", "home", "address"),
    [
        ("docs/s3.md", "README.md", "s3.md"),
        ("CONTRIBUTING.md", "README.md", "contributing.md"),
        ("../CONTRIBUTING.md", "docs/accuracy.md", "contributing.md"),
        ("../README.md", "docs/README.md", "index.md"),
        ("README.md", "docs/tables.md", "pages.md"),
        ("s3.md", "docs/cluster.md", "s3.md"),
        ("https://docs.ray.io", "docs/cluster.md", "https://docs.ray.io"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(target, home, address):
    assert root_pages.placed(target, home) == address


def test_a_link_to_a_file_that_the_site_lacks_stops_the_build():
    with pytest.raises(ValueError, match="Makefile is no page of the site"):
        root_pages.placed("../Makefile", "docs/cluster.md")


def test_the_page_of_python_has_every_public_name(site):
    text = (ROOT / "docs" / "api.md").read_text("utf-8")
    shown = set(re.findall(r"^<!-- api: .*\.(\w+) -->$", text, re.MULTILINE))
    assert set(asd_core.__all__) <= shown
    assert not [name for name in asd_core.__all__ if not any(one.endswith(f".{name}") for one in api_ids(site))]


def api_ids(site):
    """The places of the page of Python that docstrings are at."""
    return {one for one in site[2][site[0] / "api.html"].ids if one.startswith("asd_core.")}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.mark.slow
def test_in_a_browser_it_is_searched_reads_well_on_a_phone_and_asks_nobody_else(site):
    sync_api = pytest.importorskip("playwright.sync_api")
    handler = partial(Quiet, directory=str(site[0]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_api.sync_playwright() as running:
        Thread(target=server.serve_forever, daemon=True).start()
        here, asked, complaints = f"http://127.0.0.1:{server.server_port}/", [], []
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for name in ("index.html", "recipes.html", "api.html", "method-multires.html"):
            page.goto(here + name)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        page.click("label.md-header__button[for=__search]")
        page.locator("input.md-search__input").press_sequentially("threshold")
        page.wait_for_selector(".md-search-result__item a[href*='glossary']")
        browser.close()
        server.shutdown()
    assert not complaints
    assert asked and not [url for url in asked if not url.startswith((here, "data:", "blob:"))]
