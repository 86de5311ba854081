"""The fleet now and in one night."""

import re

import pytest

from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.label import AskedLabel, label
from asd_core.runs.report import report_night
from asd_core.serving.machine_lines import ROWS
from asd_core.store.store import open_store
from tests.asd_core.serving.clients import local_client
from tests.asd_core.serving.markup import Outline
from tests.asd_core.serving.stores import CONFIG, DATES, FAN, PUMP, VALVE, keep_night, plant
from tests.many_nights.plant import KEY, RECIPE


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    return local_client(plant(open_store(str(tmp_path_factory.mktemp("store")))))


def machines(page):
    """Names of the lines, in their order, with the words of their state."""
    lines = re.findall(r'<li id="machine-.*?</li>', page, re.DOTALL)
    return [tuple(re.search(one, line)[1] for one in ("<bdi>(.*?)</bdi>", "</span> (.*?)</span>")) for line in lines]


def test_the_newest_night_says_what_is_to_be_done(client):
    page = client.get("/").text
    assert machines(page) == [("fan 00", "in alarm, second night"), ("pump 01", "watched"), ("valve 02", "silent")]
    assert "1 machine of 2 is in alarm (1 continuing)" in page and "drifted by −2.5 deviations" in page
    assert client.get(f"/nights/{DATES[2]}").text.count("<li id=") == 3


def test_a_machine_has_the_letters_of_its_nights_and_its_worst_clip(client):
    page = client.get("/").text
    assert '<b class="well">·</b><b class="new">N</b><b class="act">A</b>' in page
    (worst,) = re.findall(r'<a class="listen" href="/clips/(\w{32})\?', page.split("<li id=")[1])
    rows = open_rows(client, DATES[2])
    assert max(rows, key=lambda row: row["anomaly_score"])["clip_id"] == worst


def open_rows(client, date):
    return client.app.state.store.scores(KEY, date).to_pylist()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?tier=alarm", ["fan 00"]),
        ("?tier=watched", ["pump 01"]),
        ("?tier=silent", ["valve 02"]),
        ("?type=pump", ["pump 01"]),
        ("?q=VALVE", ["valve 02"]),
        ("?q=fan/0", ["fan 00"]),
        ("?drift=yes", ["pump 01"]),
        ("?sort=drift", ["pump 01", "fan 00", "valve 02"]),
        ("?q=nothing", []),
        ("?page=99", ["fan 00", "pump 01", "valve 02"]),
    ],
)
def test_machines_are_chosen_and_put_in_order(client, query, found):
    assert [name for name, _ in machines(client.get(f"/{query}").text)] == found


def test_nights_lead_to_one_another(client):
    links = Outline(client.get(f"/nights/{DATES[1]}").text).links
    assert f"/nights/{DATES[0]}" in links and f"/nights/{DATES[2]}" in links
    assert f"/nights/{DATES[1]}" in Outline(client.get("/").text).links


@pytest.mark.parametrize("path", ["/nights/2026-11-20", "/nights/x", "/?key=x", f"/nights/{DATES[0]}?key=../runs"])
def test_what_is_no_night_is_not_found(client, path):
    assert client.get(path).status_code == 404


def test_a_large_fleet_comes_in_pages(tmp_path):
    store = open_store(str(tmp_path))
    keep_night(store, DATES[0], {("fan", f"{number:03d}"): "·" for number in range(2 * ROWS + 7)})
    client, seen, path = local_client(store), [], "/?sort=name"
    while path:
        page = client.get(path).text
        seen += [name for name, _ in machines(page)]
        on = [given["href"] for tag, given in Outline(page).tags if tag == "a" and given.get("rel") == "next"]
        path = on[0] if on else None
    assert seen == [f"fan {number:03d}" for number in range(2 * ROWS + 7)]


def test_a_store_without_scores_says_what_brings_them(tmp_path):
    answer = local_client(open_store(str(tmp_path / "none"))).get("/")
    assert answer.status_code == 200 and "No night is scored yet" in answer.text
    assert not (tmp_path / "none").exists()


def test_pages_name_the_same_machines_in_the_same_states_as_the_report(tmp_path):
    store = plant(open_store(str(tmp_path)))
    letters = {
        FAN: "A",
        PUMP: "K",
        VALVE: "W",
        ("fan", "1"): "·",
        ("fan", "2"): "C",
        ("fan", "3"): "?",
        ("x", "y"): "N",
    }
    keep_night(store, "2026-11-20", letters)
    rows = store.kept_alarms(KEY, ["2026-11-20"])["2026-11-20"].rows
    summary = AlarmSummary("2026-11-20", rows, CONFIG)
    for machine in (FAN, PUMP, VALVE):  # the report reads heads of scorers, which this store only names
        store.files.delete(f"newest_scorers/{KEY}/{'/'.join(machine)}/v000001-00000000")
    report = store.files.read(report_night(store, RECIPE, "2026-11-20", alarms=summary)).decode()
    overview = report[report.index('<table class="overview">') : report.index("</table>")]
    cells = re.findall(r"<bdi>(.*?)</bdi>.*?</span> (.*?)</span>", overview, re.DOTALL)
    page = local_client(store).get("/").text
    assert cells == machines(page) and len(cells) == 7
    assert summary.headline() in report and summary.headline() in page


def test_a_label_stands_beside_its_machine_at_once(tmp_path):
    store = plant(open_store(str(tmp_path)))
    client = local_client(store)
    assert "Labelled" not in client.get("/").text
    label(store, [AskedLabel("fault", machine="fan/00", date=DATES[2], words="<b>belt</b>", labelled_by="Ann")])
    assert "Labelled a fault by Ann (&#34;&lt;b&gt;belt&lt;/b&gt;&#34;)." in client.get("/").text
    assert "Labelled a fault" not in client.get(f"/nights/{DATES[1]}").text


def test_a_store_in_a_bucket_has_the_same_pages(bucket, tmp_path):
    here, there = plant(open_store(str(tmp_path))), plant(open_store(bucket))
    pages = ["/", "/nights", f"/nights/{DATES[1]}", "/machines/fan/00", "/machines/valve/02"]
    ours, theirs = local_client(here), local_client(there)
    for path in pages:
        told = [Outline(client.get(path).text).text.split("About this page")[0] for client in (ours, theirs)]
        assert told[0] == told[1] and len(told[0]) > 200, path


HOSTILE = [
    ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'),
    ("../../etc", "passwd"),
    ("a/b", ".."),
    ("{{ 7 * 7 }}", "{% raw %}"),
    ("javascript:alert(1)", "\u202e\u0000\t"),
    ("", ""),
    ("x" * 300, "&lt;b&gt;"),
]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("hostile")))
    sentence = "</p><script>alert(2)</script>"
    for date, letter in zip(DATES, "NAA", strict=True):
        keep_night(store, date, dict.fromkeys(HOSTILE, letter), sentence=sentence)
    return local_client(store)


def test_hostile_names_are_text_on_every_page_and_each_machine_has_a_page(hostile):
    first = Outline(hostile.get("/").text)
    pages = ["/", "/nights", *[link for link in first.links if link.startswith("/machines/")]]
    assert len(set(pages)) == 2 + len(HOSTILE)
    for path in pages:
        answer = hostile.get(path)
        page = Outline(answer.text)
        assert answer.status_code == 200 and page.count("img") == 0, path
        assert page.count("script") == (path == "/nights") and not [
            name for _, given in page.tags for name in given if name.startswith("on")
        ]
        assert all(link.startswith(("/", "#")) for link in page.links)
        assert "\u202e" not in page.text and "\0" not in page.text
    assert "<script>alert(1)</script>" in first.text and "{{ 7 * 7 }}" in first.text


def test_a_hostile_search_is_text_in_the_page_and_in_its_links(hostile):
    query = {"q": '"><script>alert(3)</script>', "type": "<b>", "sort": "name"}
    page = hostile.get("/", params=query)
    assert Outline(page.text).count("script") == 0 and "<b>" not in page.text.split("</form>")[0].split("<form")[1]
