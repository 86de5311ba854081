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
