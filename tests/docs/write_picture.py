"""`python -m tests.docs.write_picture`: docs/images/report.png from the report of a demo, most of it left out."""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.command import asd
from tests.docs.blocks import ROOT

PICTURE = ROOT / "docs" / "images" / "report.png"
_WIDTH, _TALL, _COLOURS = 980, 1600, 96
_LEFT_OUT = """
    table.overview tbody tr:nth-child(n+4), .tools, ul.notes, details, main > section:nth-of-type(n+3), footer,
    section[aria-labelledby=heard] > :not(section.machine), section.machine ~ section.machine, article ~ article,
    article .place { display: none !important; }
    section.machine { margin-top: 24px !important; }
"""
_SHOWN = "[...document.images].filter(one => one.offsetParent).every(one => one.complete && one.naturalWidth)"


def picture(page):
    """Parts of a report as a PNG of few colours: its head, three machines, and the worst clip."""
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_context(bypass_csp=True, viewport={"width": _WIDTH, "height": _TALL}).new_page()
        view.goto(Path(page).as_uri())
        view.add_style_tag(content=_LEFT_OUT)
        view.wait_for_function(_SHOWN)  # pictures are loaded when they come into view
        shot = view.screenshot(full_page=True)
        browser.close()
    found = io.BytesIO()
    few = Image.open(io.BytesIO(shot)).convert("RGB").quantize(_COLOURS, Image.Quantize.MEDIANCUT, dither=0)
    few.save(found, "PNG", optimize=True)
    return found.getvalue()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        done = asd("demo", f"{folder}/demo", "--local", "--json", "--quiet")
        PICTURE.write_bytes(picture(done.json["report"]))
