import email.utils

import pytest

from asd_core.llm.replies import Answered, one_line, read_completion, retry_after
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
