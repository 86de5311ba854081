import shutil

import pytest


@pytest.fixture(scope="module")
def browser():
    """Chromium; of a module, since its event loop would be in the way of tests that run one of their own."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = running.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, address):
    """Opens the page at the ``address`` that a test module has; nothing may complain by the end of a test."""
    contexts, complaints = [], []

    def open_(**options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append("dialog"), dialog.dismiss()))
        page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    # Chromium itself ends the reading of a recording of which it has heard enough.
    assert [complaint for complaint in complaints if not complaint.endswith(".flac: net::ERR_ABORTED")] == []
