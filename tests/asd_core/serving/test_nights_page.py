"""The fleet over nights."""

import json
import re

import pytest

from asd_core.runs.fleet_history import fleet_history
from asd_core.store.store import open_store
from tests.asd_core.serving.clients import local_client
from tests.asd_core.serving.markup import Outline
from tests.asd_core.serving.stores import CONFIG, DATES, FAN, keep_night, plant
from tests.many_nights.plant import RECIPE


@pytest.fixture
def store(tmp_path):
    return plant(open_store(str(tmp_path)))


def test_it_says_what_the_report_of_all_nights_says(store):
    page, fleet = local_client(store).get("/nights").text, fleet_history(store, RECIPE, DATES, CONFIG)
    assert fleet.past.sentence() in page
    assert [date for date, _ in json.loads(Outline(page).tags[table_at(page)][1]["data-nights"])] == DATES
    rows = re.findall(r'<tr data-machine="(.*?)".*?<td class="letters"><span>(.*?)</span>', page)
    assert {name: re.sub("<.*?>", "", letters) for name, letters in rows} == {
        "fan 00": "·NA",
        "pump 01": "··W",
        "valve 02": "·W-",
    }


def table_at(page):
    return next(at for at, (tag, given) in enumerate(Outline(page).tags) if "data-nights" in given)


def test_nights_and_machines_lead_to_their_pages(store):
    client = local_client(store)
    links = set(Outline(client.get("/nights").text).links)
    assert {f"/nights/{date}" for date in DATES} | {"/machines/fan/00", "/machines/valve/02"} <= links
    assert all(client.get(link).status_code == 200 for link in links if link.startswith("/"))


def test_a_reader_looks_back_as_far_as_he_likes(store):
    for day in range(1, 32):
        keep_night(store, f"2026-12-{day:02d}", {FAN: "·"})
    client = local_client(store)
    assert "Machine sound, 30 nights" in client.get("/nights").text
    assert "Machine sound, 34 nights" in client.get("/nights?last=366").text
    assert "Machine sound, 30 nights" in client.get("/nights?last=-1").text


def test_a_store_without_scores_says_what_brings_them(tmp_path):
    assert "No night is scored yet" in local_client(open_store(str(tmp_path / "none"))).get("/nights").text


def test_clips_without_a_date_are_a_night_of_their_own(tmp_path):
    store = open_store(str(tmp_path))
    keep_night(store, "undated", {FAN: "N"})
    client = local_client(store)
    assert {client.get(path).status_code for path in ("/", "/nights", "/nights/undated", "/machines/fan/00")} == {200}
