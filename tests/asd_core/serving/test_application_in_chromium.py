"""A morning in a browser: from the night to a machine, to a clip, its sound, and a label that the store keeps."""

import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn

from asd_core.runs.alarms import find_alarms
from asd_core.serving.access import Access
from asd_core.serving.application import build_application
from tests.asd_core.serving.clients import TOKEN
from tests.asd_core.serving.plants import KEY, NIGHT, RECIPE, SQUEALING

NARROW, WIDE = {"width": 390, "height": 800}, {"width": 1100, "height": 800}


@contextmanager
def served(application):
    """The address of a server on a port of its own."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="warning", access_log=False))
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    running.join(10)


@pytest.fixture
def address(plant):
    with served(plant.client.app) as address:
        yield address


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


async def message_with_a_link(scope, receive, send):
    """A page of another site, as a message in a chat is."""
    link = f'<link rel="icon" href="data:,"><a href="{scope["query_string"].decode()}">the alarm</a>'
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": link.encode()})


def test_a_reader_logs_in_once_and_comes_by_a_link_of_a_message(plant, open_page):
    application = build_application(plant.store, Access(TOKEN))
    with served(application) as guarded, served(message_with_a_link) as elsewhere:
        page = open_page(viewport=NARROW)
        page.goto(f"{guarded}machines/fan/{SQUEALING}?key={KEY}")
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{guarded}machines/fan/{SQUEALING}?key={KEY}")
        assert fits(page) and TOKEN not in page.context.cookies(guarded)[0]["value"]
        assert page.context.cookies(guarded)[0]["httpOnly"] and page.evaluate("document.cookie") == ""
        page.goto(f"{elsewhere.replace('127.0.0.1', 'localhost')}?{guarded}nights/{NIGHT}")
        page.get_by_role("link").click()
        page.wait_for_url(f"{guarded}nights/{NIGHT}")
        assert NIGHT in page.locator("h1").inner_text()
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url(f"{guarded}login")
        page.goto(guarded)
        assert page.locator("h1").inner_text() == "Log in" and fits(page)
