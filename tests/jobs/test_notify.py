"""A plant that tells a receiver of its nights, by `asd nightly --notify` and `asd notify`."""

import numpy as np
import pytest
import soundfile

from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.serving.clients import HERE, local_client
from tests.command import asd
from tests.fleet import clip_path, write_fleet
from tests.message_receiver import MessageReceiver

DATES = [f"2026-11-{day:02d}" for day in range(1, 10)]
RULE = ("--set", "alarm.false_alarms=0.3")


@pytest.fixture(scope="module")
def receiver():
    with MessageReceiver() as running:
        yield running


@pytest.fixture(scope="module")
def plant(tmp_path_factory, receiver):
    """A store in which three fans learnt seven nights; a night is told in which one fan squeals."""
    root = tmp_path_factory.mktemp("told")
    archive, store = write_fleet(root / "archive", ("00", "01", "02"), DATES[:8], clips=3), root / "store"
    for number in range(3):
        tone = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
        soundfile.write(clip_path(archive, "01", DATES[7], number), tone, 16_000)
    common = ["--recipe", "twfr-knn", "--store", store, "--local", "--json"]
    assert asd("fit", archive, *common, "--until", DATES[6]).code == 0
    return store, asd("nightly", archive, *common, *RULE, "--no-captions", "--notify", receiver.url)


def notify(plant, *more):
    return asd("notify", "--recipe", "twfr-knn", "--store", plant[0], *RULE, *more)


def test_the_night_tells_its_alarm_with_its_report(plant, receiver):
    said = plant[1]
    assert said.code == 0 and said.json["messages"]["sent"] == 1, said.err
    body = receiver.taken[0]
    assert (body["kind"], body["machine_id"], body["run_id"]) == ("alarm", "01", said.json["run_id"])
    assert body["report"] == said.json["reports"][0] and body["sentence"] == said.json["alarms"][0]["sentence"]
    assert "secret" not in said.out + said.err


def test_the_same_night_is_not_told_again_and_a_label_that_ends_its_alarm_is(plant, receiver):
    before = len(receiver.taken)
    said = notify(plant, "--notify", receiver.url)
    assert (said.code, said.out) == (0, "messages: 0 sent, 0 waiting\n")
    night = ["label", "--store", plant[0], "--machine", "fan/01", "--date", DATES[7]]
    assert asd(*night, "--normal").code == 0
    assert notify(plant, "--notify", receiver.url, "--json").json["messages"]["sent"] == 1
    assert asd(*night, "--remove").code == 0
    assert notify(plant, "--notify", receiver.url).out.startswith("messages: 1 sent")
    assert [body["kind"] for body in receiver.taken[before:]] == ["cleared", "alarm"]


def test_receivers_stand_in_a_file_or_a_variable(plant, tmp_path, monkeypatch, receiver):
    (tmp_path / "receivers.txt").write_text(f"# ours\n{receiver.url}\nslack+{receiver.url}\n")
    said = notify(plant, "--notify-file", tmp_path / "receivers.txt", "--json").json
    assert [one["sent"] for one in said["messages"]["receivers"]] == [0, 1] and set(receiver.taken[-1]) == {"text"}
    monkeypatch.setenv("ASD_NOTIFY_URL", f"{receiver.url} alertmanager+{receiver.url}")
    said = notify(plant, "--json").json
    assert [one["sent"] for one in said["messages"]["receivers"]] == [0, 1]
    assert receiver.taken[-1][0]["labels"]["machine_id"] == "01"


def test_a_trial_reaches_a_receiver_of_a_store_without_nights(tmp_path, receiver):
    said = asd("notify", "--store", tmp_path / "new", "--notify", receiver.url, "--test")
    assert said.code == 0 and receiver.taken[-1]["kind"] == "test"


def test_a_receiver_that_fails_is_exit_code_1_here_and_a_note_of_a_night(plant, tmp_path):
    with MessageReceiver(lambda: "refused") as refusing:
        said = notify(plant, "--notify", refusing.url)
    assert said.code == 1 and "1 message waits for 127.0.0.1" in said.out and "status 400" in said.out
    assert "secret" not in said.out + said.err


def test_a_night_that_fails_is_told(plant, tmp_path, receiver):
    common = ["--recipe", "twfr-knn", "--store", plant[0], "--local", "--notify", receiver.url]
    before = len(receiver.taken)
    said = asd("nightly", tmp_path / "unmounted", *common)
    assert said.code != 0 and "unmounted" in said.err
    (body,) = receiver.taken[before:]
    assert body["kind"] == "night_failed" and body["sentence"] in said.err and body["key"].startswith("twfr-knn-")


def test_nobody_to_tell_is_wrong_usage(plant):
    said = notify(plant)
    assert said.code == 2 and "ASD_NOTIFY_URL" in said.err


def test_the_link_of_a_message_opens_where_the_store_is_served(plant):
    with MessageReceiver() as new:
        assert notify(plant, "--notify", new.url, "--notify-link", f"{HERE}/").code == 0
    (body,) = new.taken
    page = local_client(Store(LocalFiles(plant[0]))).get(body["report"])
    assert page.status_code == 200 and DATES[7] in page.text
