import socket

import pytest

from asd_core.llm.client import LlmClient, first_parameters, other_parameters
from asd_core.llm.replies import Answered, NotAnswered, Refused
from asd_core.llm.settings import LlmSettings
from tests.asd_core.llm.attempts import attempt

KEY = "sk-never-to-be-seen"


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def test_an_answer_comes_with_the_tokens_that_the_server_counted(key):
    outcome, server = attempt(model="m", temperature=0.0)
    assert outcome == Answered("This sound is loud.", 20, 7)
    assert server.keys == {f"Bearer {KEY}"}
    assert server.bodies == [
        {"model": "m", "messages": [{"role": "user", "content": "say loud"}], "max_tokens": 200, "temperature": 0.0}
    ]


@pytest.mark.parametrize(
    ("fault", "reason", "may_cost"),
    [
        ("limited", "rate_limited", False),
        ("error", "server_error", False),
        ("hang", "timeout", True),
        ("drop", "dropped", True),
        ("not-json", "no_completion", True),
        ("status-408", "server_error", False),
        ("status-503", "server_error", False),
    ],
)
def test_every_fault_that_may_pass_is_told_apart_after_one_request(key, fault, reason, may_cost):
    outcome, server = attempt(fault)
    assert isinstance(outcome, NotAnswered)
    assert (outcome.reason, outcome.retry_after, outcome.may_cost) == (reason, None, may_cost)
    assert len(server.log) == 1 and "\n" not in outcome.message


def test_the_server_says_for_how_long_it_is_to_be_left_alone(key):
    outcome, _ = attempt("limited-told")
    assert (outcome.reason, outcome.retry_after) == ("rate_limited", 0.5)
    far, _ = attempt("limited-told", longest_retry_after=0.2)
    assert isinstance(far, Refused) and far.all_alike and "wants to be left alone" in far.message


@pytest.mark.parametrize(
    ("status", "all_alike"), [(400, False), (422, False), (401, True), (402, True), (403, True), (404, True)]
)
def test_a_refusal_is_of_one_request_or_of_all(key, status, all_alike):
    outcome, _ = attempt(f"status-{status}")
    assert isinstance(outcome, Refused) and outcome.all_alike is all_alike
    assert KEY not in outcome.message and f"{status}" in outcome.message  # the server repeats the key


def test_an_empty_answer_is_an_answer(key):
    assert attempt("empty")[0] == Answered("", 20, 7)


def test_a_server_that_is_not_there_is_a_dropped_connection_that_cost_nothing(key):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        outcome, _ = attempt(base_url=f"http://127.0.0.1:{free.getsockname()[1]}/v1")
    assert (outcome.reason, outcome.may_cost) == ("dropped", False)
    assert outcome.message.startswith("http://127.0.0.1:") and "/v1 cannot be reached: ConnectError" in outcome.message


def test_without_a_key_nothing_is_sent(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(Exception, match="OPENAI_API_KEY is not set"):
        LlmClient(LlmSettings())


def test_openai_is_told_the_limit_of_tokens_in_its_own_word():
    assert first_parameters(LlmSettings(temperature=None)) == {"max_completion_tokens": 200}
    assert first_parameters(LlmSettings(base_url="http://h/v1")) == {"max_tokens": 200, "temperature": 0.0}


def test_a_parameter_that_a_server_does_not_know_is_replaced_or_left_out():
    sent = {"max_tokens": 200, "temperature": 0.0}
    unknown = {"code": "unsupported_parameter", "param": "max_tokens"}
    assert other_parameters(sent, unknown) == {"max_completion_tokens": 200, "temperature": 0.0}
    assert other_parameters(sent, {"code": "unsupported_value", "param": "temperature"}) == {"max_tokens": 200}
    assert other_parameters(sent, {"code": "unsupported_value", "param": "model"}) is None
    assert other_parameters(sent, {"code": "string_above_max_length", "param": "max_tokens"}) is None
    assert other_parameters(sent, {"code": "unsupported_value", "param": ["temperature"]}) is None
    assert other_parameters(sent, {}) is None
