"""The page of one machine."""

import re

import pytest

from asd_core.runs.label import AskedLabel, label
from asd_core.store.layout import night_page_path
from asd_core.store.store import open_store
from tests.asd_core.serving.clients import local_client
from tests.asd_core.serving.markup import Outline
from tests.asd_core.serving.stores import DATES, FAN, keep_night, plant
from tests.many_nights.plant import KEY


@pytest.fixture
def store(tmp_path):
    return plant(open_store(str(tmp_path)))


def test_a_machine_has_its_state_its_alarms_and_its_flagged_clips(store):
    page = Outline(local_client(store).get("/machines/fan/00").text)
    assert "in alarm, second night on 2026-11-19" in page.text
    assert "goes on : 2026-11-18 to 2026-11-19 , 2 nights" in page.text
    flagged = {row["clip_id"] for row in store.scores(KEY).to_pylist() if row["is_flagged"]}
    assert {link[len("/clips/") :].partition("?")[0] for link in page.links if link.startswith("/clips/")} == flagged
    assert page.count("svg") >= 2 and "3 of 3 nights heard, 2 in alarm" in page.text


def test_nights_with_a_report_lead_to_it(store):
    store.files.write(night_page_path(KEY, DATES[1]), b"a report")
    links = Outline(local_client(store).get("/machines/fan/00").text).links
    assert [link for link in links if link.startswith("/reports/")] == [f"/reports/{KEY}/date%3D{DATES[1]}/index.html"]
    assert local_client(store).get(f"/reports/{KEY}/date%3D{DATES[1]}/index.html").content == b"a report"


def test_a_machine_that_was_not_heard_last_has_a_page_too(store):
    page = Outline(local_client(store).get("/machines/valve/02").text)
    assert "silent on 2026-11-19" in page.text and "2 of 3 nights heard" in page.text and "None in the 3" in page.text


def test_what_people_said_stands_there_as_text(store):
    label(store, [AskedLabel("fault", machine="fan/00", date=DATES[1], words="<script>alert(1)</script>")])
    page = Outline(local_client(store).get("/machines/fan/00").text)
    assert page.count("script") == 0 and 'Labelled a fault ("<script>alert(1)</script>")' in page.text


@pytest.mark.parametrize("path", ["fan/99", "fan/00/x", "fan", "fan%2F00", "fan/..%2F00", "%2e%2e/fan"])
def test_what_is_no_machine_is_not_found(store, path):
    assert local_client(store).get(f"/machines/{path}").status_code == 404


def test_flagged_clips_of_many_nights_come_in_pages(store):
    for day in range(1, 26):
        keep_night(store, f"2026-12-{day:02d}", {FAN: "A" if day % 2 else "·"})
    client, path, seen = local_client(store), "/machines/fan/00", []
    while path:
        page = client.get(path).text
        part = page[page.index('id="clips"') : page.index('id="labels"')]
        seen += re.findall(r'<h3><a class="date" href="/nights/(.*?)"', part)
        on = re.search(r'href="([^"]*)">Earlier nights', part)
        path = on and on[1].partition("#")[0].replace("&amp;", "&")
    assert seen == sorted(seen, reverse=True) and len(seen) == 13 + 2 and seen[-1] == DATES[1]
