import email.utils

import pytest

from asd_core.llm.replies import Answered, one_line, read_completion, read_status, retry_after
from asd_core.llm.settings import LlmSettings

KEY = "sk-never-to-be-seen"


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def test_retry_after_is_seconds_milliseconds_or_a_date():
    now = 1_800_000_000.0
    assert retry_after({"retry-after": "7"}, now) == 7
    assert retry_after({"retry-after-ms": "250", "retry-after": "7"}, now) == 0.25
    assert retry_after({"retry-after": email.utils.formatdate(now + 30, usegmt=True)}, now) == pytest.approx(30)
    assert retry_after({"retry-after": email.utils.formatdate(now - 30, usegmt=True)}, now) == 0
    for odd in ("soon", "", "-3", "nan", "inf", "Fri, 99 Zzz 2026"):
        assert retry_after({"retry-after": odd}, now) is None
    assert retry_after({}, now) is None


def test_what_a_server_says_is_kept_in_one_short_line(key):
    assert one_line(f"a\n\nb {KEY}") == "a b [OPENAI_API_KEY]"
    assert len(one_line("x" * 5000)) == 300


@pytest.mark.parametrize(
    "odd", [None, [], "<html>", 7, {}, {"choices": []}, {"choices": None}, {"choices": {"0": 1}}, {"error": "no"}]
)
def test_what_is_no_completion_is_told_whatever_it_is(odd):
    outcome = read_completion(odd, LlmSettings(), [{"role": "user", "content": "say loud"}])
    assert (outcome.reason, outcome.may_cost) == ("no_completion", True)


@pytest.mark.parametrize("message", [None, "x", {"content": None}, {"content": ["x"]}, {"content": " \n"}])
def test_a_message_without_text_is_an_empty_answer_and_tokens_not_told_are_reckoned(message):
    told = [{"role": "user", "content": "say loud"}]
    usage = {"prompt_tokens": -1, "completion_tokens": "many"}
    outcome = read_completion({"choices": [{"message": message}], "usage": usage}, LlmSettings(), told)
    assert outcome == Answered("", LlmSettings().reservation(told)[0], 0)


def test_an_answer_that_ran_into_the_limit_of_tokens_says_so():
    choice = {"message": {"content": "This sound is"}, "finish_reason": "length"}
    assert read_completion({"choices": [choice]}, LlmSettings(), []).is_cut


def test_what_comes_in_the_place_of_an_answer_is_told_apart(key):
    def read(**message):
        return read_completion({"choices": [{"message": {"content": None} | message}]}, LlmSettings(), [])

    assert read(refusal=f"I\ncannot, {KEY}").declined == "I cannot, [OPENAI_API_KEY]"
    assert read(tool_calls=[{"id": "1"}]).calls_tool and not read(tool_calls=[]).calls_tool
    assert (read(refusal=" ").declined, read(refusal=7).declined, read(refusal=None).declined) == (None, None, None)


def completion(content, finish="stop", **message):
    return {"choices": [{"message": {"content": content} | message, "finish_reason": finish}]}


@pytest.mark.parametrize(
    "content",
    [
        "<think>It is louder.</think>This sound is louder.",
        "It is louder, they say. </think>\n\nThis sound is louder.",
        "x" * 9000 + "</think>This sound is louder.",
        [{"type": "thinking", "thinking": "It is louder."}, {"type": "text", "text": "This sound is louder."}],
        "Sure! Here is the caption:\n```\nThis sound is louder.\n```",
    ],
)
def test_an_answer_comes_without_reasoning_and_wrapping(content):
    assert read_completion(completion(content), LlmSettings(), []).text == "This sound is louder."


@pytest.mark.parametrize(
    "choice",
    [completion("<think>It is"), completion(None, "length", reasoning_content="It is"), completion("", "length")],
)
def test_reasoning_without_an_end_is_a_cut_off_answer(choice):
    answer = read_completion(choice, LlmSettings(), [])
    assert (answer.text, answer.is_cut) == ("", True)


def test_reasoning_is_reckoned_where_the_server_counts_nothing():
    parted = completion("This sound is loud.", reasoning_content="x" * 3000)
    for choice in (parted, completion("<think>" + "x" * 3000 + "</think>This sound is loud.")):
        assert read_completion(choice, LlmSettings(), []).output_tokens >= 1000


def test_a_content_filter_declines_or_refuses_this_request_only():
    assert read_completion(completion(None, "content_filter"), LlmSettings(), []).declined
    assert read_completion(completion("This sound", "content_filter"), LlmSettings(), []).is_cut
    refused = read_status(400, {}, {"code": "content_filter"}, "filtered", LlmSettings())
    assert (refused.all_alike, refused.is_of_content) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "This model's maximum context length is 2048 tokens.",
        "the request exceeds the available context size, try increasing it",
        "prompt is longer than max_model_len",
    ],
)
def test_a_request_that_is_too_long_for_the_model_is_told_with_the_cure(text):
    assert "lower --llm-max-output-tokens" in read_status(400, {}, {}, text, LlmSettings()).message
