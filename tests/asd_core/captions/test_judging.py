import pytest

from asd_core.captions.judging import conversation, given_up, judged
from asd_core.captions.ledger import Attempt, History
from asd_core.captions.llm_client import Answered, NotAnswered, Refused
from asd_core.captions.requests import CaptionRequest

SENT = History((Attempt(1.0, "first"),))
COMPLAINED = History((Attempt(0.5, "first", "complained", text="Loud.", complaint="too short"), *SENT.attempts))
GOOD = Answered("This sound is loud.", 20, 7)


def check(text):
    return None if text.startswith("This sound is") else "the start is wrong"


def test_a_good_answer_is_kept_without_what_cannot_be_seen_or_quotes_around_it():
    _, answer = judged("r", SENT, Answered(' "This sound is\u200b loud." ', 20, 7), lambda text: None)
    assert answer.text == "This sound is loud."


@pytest.mark.parametrize("text", ["", " \n", '""', "\u200b"])
def test_an_answer_of_nothing_that_can_be_read_is_empty(text):
    history, answer = judged("r", SENT, Answered(text, 20, 3), check)
    assert answer is None and history.attempts[-1].outcome == "empty_answer"
    assert given_up("r", history).error_reason == "empty_answer"


def test_the_tokens_of_an_answer_that_is_complained_of_count():
    history, answer = judged("r", SENT, Answered("Loud.", 20, 3), check)
    assert answer is None and history.complained.complaint == "the start is wrong"
    _, answer = judged("r", history.begun(Attempt(2.0, "first")), GOOD, check)
    assert (answer.input_tokens, answer.output_tokens, answer.attempts) == (40, 10, 2)


def test_only_a_complaint_makes_the_prompt_a_conversation():
    request = CaptionRequest("r", "c", "What differs?")
    assert [message["content"] for message in conversation(request, SENT)] == ["What differs?"]
    assert [message["role"] for message in conversation(request, COMPLAINED)] == ["user", "assistant", "user"]


def test_what_was_paid_for_is_kept_when_the_better_answer_is_refused():
    _, answer = judged("r", COMPLAINED, Refused("no", all_alike=False), check)
    assert (answer.text, answer.warning) == ("Loud.", "kept although: too short")


def test_a_refusal_of_all_is_no_end_of_this_request():
    _, answer = judged("r", COMPLAINED, Refused("no such key", all_alike=True), check)
    assert answer.text is None and answer.is_asked_again


def test_the_last_fault_names_the_error():
    history, answer = judged("r", SENT, NotAnswered("timeout", "no answer within 60 s"), check)
    assert answer is None and given_up("r", history).error == "1 attempts, the last: no answer within 60 s"
