"""A label by a click is the row of ``asd label``, and the next night and the next fit respect it."""

import pytest

from asd_core.clips.selection import training_clips
from asd_core.runs.alarms import find_alarms
from asd_core.runs.label import AskedLabel, label
from asd_core.runs.labelled_bank import labelled_bank
from asd_core.serving.filters import machine_link
from asd_core.serving.labels import asked_label
from tests.asd_core.pages.outline import Outline
from tests.asd_core.serving.clients import form_secret
from tests.asd_core.serving.plants import KEY, LEARNT, NIGHT, RECIPE, SQUEALING
from tests.fleet import files_of, listed

MACHINE = f"fan/{SQUEALING}"
BACK = "/clips/0?key=a&date=b"


def told(store):
    return [{name: value for name, value in row.items() if name != "labelled_at"} for row in store.labels().to_pylist()]


def alarm(store):
    rows = find_alarms(store, RECIPE, [NIGHT])[NIGHT].to_pylist()
    return next(row for row in rows if row["machine_id"] == SQUEALING)


def test_a_click_writes_what_the_command_writes_and_nothing_else(plant):
    uri = plant.clips()[SQUEALING, 0]["uri"]
    before = files_of(plant.store.files.root)
    answer = plant.post(uri=uri, date=NIGHT, answer="fault", words=" loose belt ", labelled_by="Ann", back=BACK)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BACK}#labels")
    clicked = told(plant.store)
    after = files_of(plant.store.files.root)
    (new,) = after.keys() - before.keys()
    assert new.startswith("labels/") and before.items() <= after.items()
    label(plant.store, [AskedLabel("fault", uri, date=NIGHT, words="loose belt", labelled_by="Ann")])
    assert told(plant.store) == clicked


def test_an_alarm_that_is_acknowledged_is_quiet_in_the_night_and_back_when_that_is_undone(plant):
    assert alarm(plant.store)["tier"] == "act"
    plant.post(machine=MACHINE, date=NIGHT, answer="fault", words="belt", until="")
    row = alarm(plant.store)
    assert (row["tier"], row["acknowledged"], row["label_words"]) == ("watch", True, "belt")
    plant.post(machine=MACHINE, date=NIGHT, answer="removed", words="belt")
    assert alarm(plant.store)["tier"] == "act"
    plant.post(machine=MACHINE, date=NIGHT, answer="ignore", until="2026-12-01")
    assert alarm(plant.store)["label_until"] == "2026-12-01"
    plant.post(machine=MACHINE, date=NIGHT, answer="normal", until="2026-12-01")
    row = alarm(plant.store)
    assert (row["tier"], row["label"]) == ("within_chance", "normal")


def test_the_next_fit_learns_what_was_called_normal_and_not_what_was_called_a_fault(plant):
    clips = listed(plant.archive)
    chosen = training_clips(clips, until=LEARNT[-1])
    fault = chosen["uri"][0].as_py()
    plant.post(uri=fault, date=chosen["date"][0].as_py(), answer="fault", words="hums")
    plant.post(machine="fan/02", date=NIGHT, answer="normal")
    bank = labelled_bank(plant.store, KEY, clips, chosen).clips["uri"].to_pylist()
    joined = {row["uri"] for (machine, _), row in plant.clips().items() if machine == "02"}
    assert set(bank) == set(chosen["uri"].to_pylist()) - {fault} | joined


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"uri": "file:///etc/passwd", "date": NIGHT, "answer": "normal"}, "no clip"),
        ({"uri": "../../runs", "answer": "normal"}, "no clip"),
        ({"machine": MACHINE, "date": NIGHT, "answer": "fault"}, "a fault needs words"),
        ({"machine": MACHINE, "date": NIGHT, "answer": "ignore"}, "give both or neither"),
        ({"machine": MACHINE, "date": NIGHT, "answer": "<b>"}, "unknown answer &#39;&lt;b&gt;&#39;"),
        ({"machine": MACHINE, "date": "<i>", "answer": "normal"}, "&lt;i&gt;"),
        ({"machine": "fan/9", "date": NIGHT, "answer": "normal"}, "no machine"),
        ({"answer": "normal"}, "name a clip"),
        ({}, "unknown answer"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:12],
)
def test_what_cannot_be_is_said_on_a_page_and_nothing_is_written(plant, fields, why):
    answer = plant.post(back="/clips/0", **fields)
    assert answer.status_code == 400 and why in answer.text and 'href="/clips/0"' in answer.text
    assert len(plant.store.all_labels()) == 0


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "javascript:alert(1)"]
)
def test_a_label_leads_back_to_this_server_alone(plant, back):
    answer = plant.post(machine=MACHINE, date=NIGHT, answer="normal", back=back)
    assert answer.headers["location"] == "/#labels"


def test_a_form_of_another_page_writes_nothing(plant):
    fields = {"machine": MACHINE, "date": NIGHT, "answer": "normal"}
    assert plant.client.post("/label", data=fields).status_code == 403
    assert plant.client.post("/label", data={**fields, "form_secret": "guessed"}).status_code == 403
    own = {**fields, "form_secret": form_secret(plant.client)}
    assert plant.client.post("/label", data=own, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert plant.client.get("/label").status_code == 405
    assert len(plant.store.all_labels()) == 0


def test_a_browser_keeps_the_name_of_who_labels(plant):
    plant.post(machine=MACHINE, date=NIGHT, answer="normal", labelled_by='Zoë "<b>"')
    page = plant.get(plant.clips()[SQUEALING, 0]).text
    assert 'value="Zoë &#34;&lt;b&gt;&#34;"' in page


def test_a_date_counts_for_ignoring_alone():
    fields = {"answer": "fault", "machine": "a/b", "date": NIGHT, "words": "x", "until": "2026-12-01"}
    assert asked_label(fields) == AskedLabel("fault", machine="a/b", date=NIGHT, words="x")
    assert asked_label({**fields, "answer": "ignore"}).until == "2026-12-01"
    assert asked_label({**fields, "uri": "file:///a"}).machine == ""


def test_a_machine_of_any_name_is_told_by_a_form():
    assert asked_label({"quoted_machine": "a%0A%22/b%25"}).machine == 'a\n"/b%'
    assert asked_label({"machine": "a/b%25"}).machine == "a/b%25"


def test_the_page_of_a_machine_takes_a_label_for_its_newest_night(plant):
    page = Outline(plant.client.get(machine_link("fan", SQUEALING, KEY)).text)
    fields = {one["name"]: one.get("value", "") for one in page.named("input") if "name" in one}
    answer = plant.client.post("/label", data={**fields, "answer": "fault", "words": "belt"})
    assert answer.status_code == 303 and answer.headers["location"].startswith("/machines/fan/01?key=")
    (row,) = told(plant.store)
    assert (row["machine_id"], row["date"], row["words"]) == (SQUEALING, NIGHT, "belt")
    page = Outline(plant.client.get(answer.headers["location"]).text)
    assert 'Labelled a fault ("belt")' in page.text and "Take the label back" in page.text
