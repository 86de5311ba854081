import json

import pytest

from asd_core.messages.changes import Change
from asd_core.messages.chat_text import MOST_CHARACTERS
from asd_core.messages.webhook import (
    MOST_LISTED,
    REPEATED,
    About,
    digest,
    sent_again,
    told_change,
    told_night,
)
from tests.asd_core.messages.nights import row

ABOUT = About("twfr-gmm-1", "2026-11-15", "https://asd.example/reports/a b", "nightly-1")
HOSTILE = "<!channel> @here [x](http://evil.example) \x1b[2J\ud800"


def told(**more):
    return told_change(ABOUT, Change("alarm", row("01") | more, "2026-11-15"), "alarm-1")


def test_a_message_tells_machine_night_evidence_report_and_run():
    body = told()
    assert (body["kind"], body["machine_type"], body["machine_id"], body["night"]) == (
        "alarm",
        "fan",
        "01",
        "2026-11-15",
    )
    assert (body["version"], body["alarm_id"], body["run_id"], body["p_value"]) == (1, "alarm-1", "nightly-1", 0.001)
    assert body["text"].startswith("*fan 01*: in alarm, 2026-11-15. New alarm.\nreport: ")


def test_a_p_value_that_is_no_number_is_null():
    assert told(p_value=float("nan"))["p_value"] is told(p_value=None)["p_value"] is None


def test_every_kind_has_the_same_fields():
    bodies = [told(), digest(ABOUT, [], []), *(told_night(ABOUT, kind, "x") for kind in ("night_failed", "test"))]
    assert len({tuple(sorted(body)) for body in bodies}) == 1


def test_a_report_that_is_served_is_a_link_in_the_text():
    body = told_night(About("k", "2026-11-15", "https://asd.example/r?a=1&b=2"), "night_recovered", "it is scored")
    assert body["text"].endswith("\n<https://asd.example/r?a=1&amp;b=2|report>")


def test_hostile_names_are_text():
    body = told(machine_id=HOSTILE, sentence=HOSTILE)
    for mark in ("<", "@here", "](", "http://evil", "\x1b"):
        assert mark not in body["text"]
    json.dumps(body).encode().decode("utf-8")
    assert "\ud800" not in body["machine_id"] and "\x1b" not in body["sentence"]


def test_a_message_that_may_come_again_says_so_and_keeps_the_rest():
    body = told()
    again = sent_again(body)
    assert again["possibly_repeated"] and again["text"] == REPEATED + body["text"]
    assert again | {"possibly_repeated": False, "text": body["text"]} == body


@pytest.mark.parametrize("count", [21, 10_000])
def test_a_digest_counts_all_and_lists_some(count):
    found = [Change("alarm", row(f"{n:05d}"), "2026-11-15") for n in range(count)] + [
        Change("cleared", row("x", "cleared"), "2026-11-01")
    ]
    body = digest(ABOUT, found, [f"id{n}" for n in range(count + 1)])
    assert (body["machines"][0]["alarm_id"], body["machines"][0]["machine_id"]) == ("id0", "00000")
    assert (body["alarms"], body["cleared"], len(body["machines"])) == (count, 1, min(count + 1, MOST_LISTED))
    assert body["sentence"] == f"{count:,} new alarms and 1 over in the night 2026-11-15."
    assert len(body["text"]) <= MOST_CHARACTERS and len(json.dumps(body)) < 40_000
