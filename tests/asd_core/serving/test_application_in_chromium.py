"""A morning in a browser: from the night to a machine, to a clip, its sound, and a label that the store keeps."""

import threading
import time

import pytest
import uvicorn

from asd_core.runs.alarms import find_alarms
from tests.asd_core.serving.plants import KEY, NIGHT, RECIPE, SQUEALING

NARROW, WIDE = {"width": 390, "height": 800}, {"width": 1100, "height": 800}


@pytest.fixture
def address(plant):
    """A server of the plant on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(plant.client.app, port=0, log_level="warning", access_log=False))
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    running.join(10)


def fits(page):
    """Nothing is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["phone", "desk"])
def test_an_alarm_is_heard_and_labelled(plant, open_page, viewport):
    page = open_page(viewport=viewport)
    assert f"Machine sound, {NIGHT}" in page.locator("h1").inner_text() and fits(page)
    line = page.locator("li", has_text=f"fan {SQUEALING}").first
    assert "in alarm" in line.inner_text()
    line.get_by_role("link", name=f"fan {SQUEALING}").click()
    page.wait_for_url("**/machines/fan/**")
    assert fits(page)
    page.locator("#clips ~ ul a").first.click()
    page.wait_for_url("**/clips/**")
    assert fits(page)
    page.locator("audio").first.evaluate("sound => { sound.muted = true; return sound.play(); }")
    page.wait_for_function("document.querySelector('audio').currentTime > 0")
    page.locator("audio").first.evaluate("sound => sound.pause()")
    form = page.locator("section", has=page.locator("#label-night"))
    form.get_by_label("What is wrong, or a note").fill("bearing <b>squeals</b>")
    form.get_by_label("Your name").fill("Ann")
    form.get_by_role("button", name="Fault: acknowledge").click()
    page.wait_for_url("**#labels")
    assert 'Labelled a fault by Ann ("bearing <b>squeals</b>")' in page.locator("main").inner_text()
    (row,) = plant.store.labels().to_pylist()
    assert (row["machine_id"], row["date"], row["answer"], row["labelled_by"]) == (SQUEALING, NIGHT, "fault", "Ann")
    page.get_by_role("link", name="Fleet now").click()
    page.wait_for_url("**/")
    assert "Labels were given since" in page.locator(".notice").inner_text()
    # What runs next respects it: the alarm is acknowledged, and the served page says so without a restart.
    rows = find_alarms(plant.store, RECIPE, [NIGHT])[NIGHT].to_pylist()
    assert {row["machine_id"]: row["acknowledged"] for row in rows}[SQUEALING] is True
    page.reload()
    assert "acknowledged" in page.locator("li", has_text=f"fan {SQUEALING}").first.inner_text()
    assert KEY in page.locator("footer").inner_text() and fits(page)
