import json
from datetime import UTC, datetime

from asd_core.messages.posting import Answer
from asd_core.messages.unrecorded import post_unrecorded
from tests.asd_core.messages.nights import ALERTS, SLACK, WEBHOOK, Taken

NOW = datetime(2026, 11, 16, 5, 30, tzinfo=UTC)


def test_each_receiver_is_told_in_its_form_that_it_may_come_again():
    post = Taken()
    told = post_unrecorded([WEBHOOK, SLACK, ALERTS], "no archive", post, NOW)
    webhook, slack, (alert,) = map(json.loads, post)
    assert webhook["possibly_repeated"] and webhook["sentence"] == "no archive" and set(slack) == {"text"}
    assert alert["labels"]["alertname"] == "AsdNightFailed" and [one.sent for one in told] == [1, 1, 1]


def test_the_same_failure_has_one_id_a_day():
    post = Taken()
    for day in (16, 16, 17):
        post_unrecorded([WEBHOOK], "no archive", post, NOW.replace(day=day))
    first, second, other = (json.loads(body)["message_id"] for body in post)
    assert first == second != other


def test_a_receiver_that_fails_is_tried_twice_and_said():
    (counts,) = post_unrecorded([WEBHOOK], "x", Taken(*[Answer(False, True, "status 500")] * 2), NOW)
    assert (counts.sent, counts.given_up, counts.why) == (0, 1, "status 500")
