import pytest

from asd_core.llm.ledger import History
from asd_core.llm.replies import Answered, NotAnswered, Refused
from asd_core.llm.requests import CaptionRequest
from asd_core.llm.stored import Attempt
from asd_core.llm.verdicts import Refusals, conversation, cut_short, given_up, judged

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


CUT_OFF = Answered("", 20, 200, is_cut=True)
DECLINED = Answered("", 20, 5, declined="I cannot help with that")
CALL = Answered("", 20, 5, calls_tool=True)


def after(*outcomes, most=200):
    """The history and the answer after these outcomes of attempts whose answers could have so many tokens."""
    history, answer = History(), None
    for outcome in outcomes:
        assert answer is None
        begun = history.begun(Attempt(1.0, "first", most_output_tokens=most))
        history, answer = judged("r", begun, outcome, check)
    return history, answer


def test_a_second_answer_that_is_cut_off_before_it_begins_is_the_last():
    history, answer = after(CUT_OFF, CUT_OFF)
    assert (answer.error_reason, answer.attempts, answer.is_asked_again) == ("empty_answer", 2, True)
    assert answer.error == "the answer was cut off at 200 output tokens, before it began: raise --llm-max-output-tokens"
    assert cut_short("r", history, 200).error == answer.error and cut_short("r", history, 1000) is None


def test_what_was_complained_of_is_kept_when_the_rest_is_cut_off():
    _, answer = after(Answered("Loud.", 20, 3), CUT_OFF, CUT_OFF)
    assert (answer.text, answer.error_reason) == ("Loud.", None)


def test_an_llm_that_declines_twice_has_refused_and_one_that_calls_tools_has_failed():
    _, declined = after(DECLINED, DECLINED)
    assert (declined.error_reason, declined.is_asked_again) == ("llm_refused", False)
    assert declined.error == "2 attempts, the last: the LLM declines: I cannot help with that"
    _, called = after(CALL, CALL)
    assert called.error_reason == "llm_failed" and "calls a tool" in called.error
    assert after(DECLINED, GOOD)[1].text == after(CALL, GOOD)[1].text == "This sound is loud."


def test_a_refusal_is_of_one_request_once_another_was_answered():
    refusals, no = Refusals(), Refused("no", all_alike=False)
    assert refusals.heard("a", no) == NotAnswered("refused", "no")
    assert refusals.heard("b", GOOD) == GOOD and refusals.heard("a", no) == no


def test_a_refused_content_is_final_at_once():
    refused = Refused("filtered", all_alike=False, is_of_content=True)
    assert Refusals().heard("a", refused) == refused


def test_three_requests_refused_before_any_answer_are_a_refusal_of_all():
    refusals, no = Refusals(), Refused("unknown field", all_alike=False)
    assert [type(refusals.heard(name, no)) for name in "aabab"] == [NotAnswered] * 5
    last = refusals.heard("c", no)
    assert last.all_alike and last.message.endswith("the first 3 were refused: unknown field")


def test_a_request_whose_refusal_nothing_confirms_is_left_to_the_next_run():
    _, answer = after(*[NotAnswered("refused", "no")] * 3)
    assert (answer.error_reason, answer.error) == ("llm_failed", "3 attempts, the last: no")


def test_without_any_attempt_there_is_an_error_all_the_same():
    assert given_up("r", History()).error_reason == "llm_failed"


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
