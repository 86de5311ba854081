"""Messages wait as files; each is taken once, or says that it may come twice."""

import json

import pytest

from asd_core.errors import AsdError
from asd_core.messages.message import Message
from asd_core.messages.outbox import MOST_TRIES, Outbox, Sendings
from asd_core.messages.posting import Answer
from asd_core.store.layout import attempted_path, pending_path, sent_path
from asd_core.store.local_files import LocalFiles
from tests.asd_core.messages.nights import SLACK, WEBHOOK, Taken
from tests.fleet import files_of

NOT, MAYBE = Answer(False, False, "status 400"), Answer(False, True, "status 500")


def message(number, **more):
    given = {"kind": "alarm", "message_id": f"id{number}", "created_at": f"2199-11-15T06:00:{number:02d}.000000Z"}
    return Message(**given | {"key": "key", "body": {"text": f"m{number}", "possibly_repeated": False}} | more)


def outbox(folder, post, receiver=WEBHOOK, **more):
    return Outbox(LocalFiles(folder), receiver, post, sleep=lambda _: None, **more)


def sent(box, seconds=60.0):
    counts = Sendings("host")
    box.send(counts, seconds)
    return counts


def texts(post):
    return [json.loads(body)["text"] for body in post]


def test_messages_are_sent_in_their_order_and_each_once(tmp_path):
    box = outbox(tmp_path, post := Taken())
    box.keep([message(2), message(0), message(1)])
    assert sent(box).sent == 3 and texts(post) == ["m0", "m1", "m2"]
    box.keep([message(0)])
    assert box.pending() == [] and sent(box) == Sendings("host") and len(post) == 3
    assert not [path for path in files_of(tmp_path) if "pending" in path or "attempted" in path]


def test_a_message_that_is_not_taken_holds_up_those_after_it_and_waits_for_the_next_run(tmp_path):
    box = outbox(tmp_path, Taken(*[NOT] * MOST_TRIES))
    box.keep([message(0), message(1)])
    counts = sent(box)
    assert (counts.sent, counts.pending, counts.why) == (0, 2, "status 400")
    assert sent(outbox(tmp_path, post := Taken())).sent == 2 and texts(post) == ["m0", "m1"]


def test_a_message_that_was_certainly_not_taken_does_not_say_that_it_may_come_again(tmp_path):
    box = outbox(tmp_path, post := Taken(NOT, NOT))
    box.keep([message(0)])
    assert sent(box).possibly_repeated == 0 and texts(post) == ["m0"]


def test_a_message_that_may_have_been_taken_says_so_when_it_comes_again(tmp_path):
    box = outbox(tmp_path, post := Taken(MAYBE, NOT))
    box.keep([message(0)])
    assert sent(box).possibly_repeated == 1 and texts(post) == ["(possibly sent before) m0"]


def test_a_run_that_was_killed_while_it_sent_leaves_a_mark(tmp_path):
    box = outbox(tmp_path, post := Taken())
    box.keep([message(0)])
    box.files.write(attempted_path(WEBHOOK.name, "id0"), b"")
    sent(box)
    assert json.loads(post[0])["possibly_repeated"] is True


def test_a_run_that_was_killed_after_the_answer_sends_nothing_again(tmp_path):
    box = outbox(tmp_path, post := Taken())
    box.keep([message(0)])
    box.files.write(sent_path(WEBHOOK.name, "id0"), b"{}")
    assert sent(box) == Sendings("host") and post == []
    assert box.pending() == []


def test_a_message_that_another_run_is_sending_is_left_to_it(tmp_path):
    class Stolen(LocalFiles):
        def write_new(self, path, data):
            return False if "attempted" in path else super().write_new(path, data)

    box = Outbox(Stolen(tmp_path), WEBHOOK, post := Taken(), sleep=lambda _: None)
    box.keep([message(0)])
    assert sent(box).why == "another run is sending it" and post == []


def test_pauses_double_and_keep_within_the_time(tmp_path):
    now, pauses = [0.0], []

    def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    box = Outbox(LocalFiles(tmp_path), WEBHOOK, Taken(*[NOT] * 99), sleep=sleep, clock=lambda: now[0])
    box.keep([message(0)])
    assert sent(box).pending == 1 and pauses == [0.5, 1.0, 2.0, 4.0]
    now[0], pauses[:] = 0.0, []
    assert sent(box, 3.0).pending == 1 and pauses == [0.5, 1.0]
    assert sent(box, 0.5).why == "there was no time"


def test_a_receiver_that_asks_for_a_pause_gets_it_where_there_is_time(tmp_path):
    pauses, limited = [], Answer(False, False, "status 429", retry_after=3.0)
    box = Outbox(LocalFiles(tmp_path), WEBHOOK, Taken(limited, limited), sleep=pauses.append, clock=lambda: 0.0)
    box.keep([message(0)])
    assert sent(box, 2.0).pending == 1 and pauses == []
    assert sent(box, 60.0).sent == 1 and pauses == [3.0]


def test_counts_of_two_parts_of_a_run_are_added_and_what_waits_is_what_waited_last():
    first, second = Sendings("h", 1, 1, 2, 1, "status 500", True), Sendings("h", 2, is_kept=True)
    assert first.followed_by(second) == Sendings("h", 3, 1, 0, 1, "", True)


def test_old_messages_are_not_sent_and_can_be_given_up(tmp_path):
    box, old = outbox(tmp_path, post := Taken()), message(0, created_at="2020-01-01T00:00:00.000000Z")
    box.keep([old])
    assert sent(box) == Sendings("host") and post == [] and box.pending() == [old]
    box.give_up(old)
    assert box.pending() == []


def test_slack_gets_a_text_alone(tmp_path):
    box = outbox(tmp_path, post := Taken(), SLACK)
    box.keep([message(0)])
    sent(box)
    assert [json.loads(body) for body in post] == [{"text": "m0"}]


def test_a_broken_message_names_itself(tmp_path):
    box = outbox(tmp_path, Taken())
    box.files.write(pending_path(WEBHOOK.name, "now", "id"), b"{}")
    with pytest.raises(AsdError, match="pending"):
        sent(box)
