import json

import pytest

from asd_core.errors import AsdError
from asd_core.llm.ledger import COMPLAINED, UNKNOWN, History, Ledger, forget
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.stored import Attempt
from tests.asd_core.llm.fakes import MemoryFiles

REQUEST = CaptionRequest("r1", "clip", "the prompt")
LLM = "m at h"

BROKEN_ANSWERS = [
    b"{",
    b"[" * 200_000,
    b"\xff\x00",
    b'{"request_id": "r1", "colour": 1}',
    b'{"request_id": "r1"}',
    b'{"request_id": "r1", "text": null}',
    b'{"request_id": "r2", "text": "This sound is another\'s."}',
    b'{"request_id": "r1", "text": 7}',
    b'{"request_id": "r1", "text": "x", "input_tokens": 1e99}',
    b'{"request_id": "r1", "text": "x", "input_tokens": -1}',
    b'{"request_id": "r1", "text": "x", "attempts": 1' + b"0" * 30 + b"}",
]
BROKEN_INTENTS = [
    b"[]",
    b'{"llm": "m at h"}',
    b'{"llm": "m at h", "attempts": [{"when": 1}]}',
    b'{"llm": "m at h", "attempts": [{"at": "soon", "incarnation": "a"}]}',
    b'{"llm": "m at h", "attempts": [{"at": 1}]}',
    b'{"llm": "m at h", "attempts": [{"at": NaN, "incarnation": "a"}]}',
    b'{"llm": "m at h", "attempts": ' + b"[" * 100_000,
]


def opened(files, incarnation="second", since=0.0):
    ledger = Ledger(files, incarnation)
    return ledger, ledger.open(LLM, since)


def after_a_crash(*attempts):
    """Files in which a process wrote attempts down and then died."""
    files = MemoryFiles()
    Ledger(files, "first").intend(REQUEST, LLM, History(attempts))
    return files


def test_an_attempt_without_an_outcome_is_unknown_to_the_next_process():
    files = after_a_crash(Attempt(100.0, "first", outcome="timeout"), Attempt(160.0, "first"))
    ledger, _ = opened(files)
    assert [attempt.outcome for attempt in ledger.history("r1").attempts] == ["timeout", UNKNOWN]
    assert ledger.history("r1").answer("r1", None).unknown == 1


def test_a_stored_answer_is_found_by_the_next_process():
    files = after_a_crash(Attempt(100.0, "first"))
    answer = CaptionAnswer("r1", "This sound is loud.", 20, 7, 1)
    Ledger(files, "first").store(answer)
    assert opened(files)[0].answer("r1") == answer
    assert opened(files)[0].answer("r2") is None


def test_what_a_crash_left_behind_lately_is_told_and_only_of_the_same_llm():
    files = after_a_crash(Attempt(100.0, "first"), Attempt(160.0, "first"))
    assert [attempt.at for attempt in opened(files, since=150)[1]] == [160.0]
    assert opened(files, since=160)[1] == []
    assert opened(files, "first")[1] == []  # one's own
    assert Ledger(files, "second").open("another", 0) == []


def test_nothing_is_read_for_a_request_that_was_never_sent():
    ledger, _ = opened(MemoryFiles())
    ledger.files = None  # which could not be read
    assert ledger.answer("r9") is None and ledger.history("r9") == History()


def test_an_intent_says_whose_and_when_and_keeps_no_prompt():
    files = after_a_crash(Attempt(100.0, "first"))
    text = files.read("intents/r1.json").decode()
    assert json.loads(text)["clip_id"] == "clip" and "the prompt" not in text


def test_an_answer_that_was_complained_of_survives_a_crash():
    told = {"text": "Loud.", "complaint": "wrong start", "input_tokens": 20, "output_tokens": 2}
    files = after_a_crash(Attempt(1.0, "first", COMPLAINED, **told), Attempt(2.0, "first"))
    history = opened(files)[0].history("r1")
    assert (history.complained.text, history.complained.complaint) == ("Loud.", "wrong start")
    answer = history.answer("r1", None)
    assert (answer.input_tokens, answer.output_tokens, answer.attempts, answer.unknown) == (20, 2, 2, 1)


def test_published_requests_are_forgotten():
    files = after_a_crash(Attempt(100.0, "first"))
    ledger, _ = opened(files)
    ledger.store(CaptionAnswer("r1", "This sound is loud."))
    forget(files, ["r1", "never-heard-of"])
    assert files.kept == {}
    assert ledger.answer("r1") is None and ledger.history("r1") == History()


def test_a_process_leaves_its_last_minute_to_the_next_but_not_to_itself():
    files = MemoryFiles()
    Ledger(files, "first").leave(LLM, [(100.0, 5), (130.0, 6)])
    assert Ledger(files, "second").left(LLM, 110) == [(130.0, 6)]
    assert Ledger(files, "first").left(LLM, 110) == []
    assert Ledger(files, "second").left("another", 0) == []


@pytest.mark.parametrize("data", BROKEN_ANSWERS)
def test_an_answer_that_is_broken_is_named(data):
    files = MemoryFiles()
    files.write("answers/r1.json", data)
    with pytest.raises(AsdError, match="answers/r1.json is broken: .*; remove it"):
        opened(files)[0].answer("r1")


@pytest.mark.parametrize("data", BROKEN_INTENTS)
def test_an_intent_that_is_broken_is_said(data):
    files = MemoryFiles()
    files.write("intents/r1.json", data)
    ledger, attempts = opened(files)
    assert attempts == []
    with pytest.raises(AsdError, match="intents/r1.json is broken: .*; remove it"):
        ledger.history("r1")


def test_a_stored_surrogate_is_read_as_what_can_be_stored_again():
    files = MemoryFiles()
    files.write("answers/r1.json", b'{"request_id": "r1", "text": "This sound is lo\\ud800ud."}')
    assert opened(files)[0].answer("r1").text == "This sound is lo\ufffdud."


@pytest.mark.parametrize("data", [b"{", b'{"dispatched": [[1]]}', b'{"dispatched": [["a", 1]]}', b'{"dispatched": 7}'])
def test_a_last_minute_that_is_broken_is_named(data):
    files = MemoryFiles()
    Ledger(files, "first").leave(LLM, [])
    files.write(next(iter(files.kept)), data)
    with pytest.raises(AsdError, match="limits/.*.json is broken: .*; remove it"):
        Ledger(files, "second").left(LLM, 0)
