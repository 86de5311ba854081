import time

import pytest

from asd_core.llm.door import MOST_BYTES, DoorClient
from asd_core.llm.replies import Answered, NotAnswered, Refused
from tests.asd_core.llm.attempts import at, attempt
from tests.llm_server import LlmServer
from tests.llm_server.hostile import ODD, REDIRECTS, REFUSALS


@pytest.fixture(scope="module")
def server():
    """Serves what each prompt asks for."""
    with LlmServer(lambda number, prompt: prompt, seconds=0.0) as server:
        yield server


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-to-be-seen")


def parts(outcome):
    """All texts and numbers of an outcome, which must be fit for any file, table or console."""
    texts = [value for value in vars(outcome).values() if isinstance(value, str)]
    numbers = [value for value in vars(outcome).values() if isinstance(value, int)]
    return texts, numbers


@pytest.mark.parametrize("name", [*ODD, *REFUSALS])
def test_whatever_comes_can_be_stored_and_shown(server, name):
    outcome = at(server, name)
    texts, numbers = parts(outcome)
    assert all(text.encode() and "\x1b" not in text and "\x00" not in text for text in texts if text)
    assert all(0 <= number < 2**31 for number in numbers)
    assert all(len(text) <= 4000 for text in texts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("surrogate", "This sound is lo\ufffdud."),
        ("surrogate-within", "This sound is lo\ufffdud."),
        ("surrogate-names", "This sound is loud."),
        ("controls", "This sound is  lo [31mud  ."),
        ("latin-1", "This sound is lou\ufffd."),
        ("content-list", "This sound is loud."),
        ("packed", "This sound is loud."),
    ],
)
def test_an_answer_with_an_odd_part_is_an_answer(server, name, text):
    outcome = at(server, name)
    assert isinstance(outcome, Answered) and outcome.text == text


@pytest.mark.parametrize("name", ["usage-huge", "usage-long", "usage-negative", "usage-nan", "usage-text"])
def test_tokens_that_cannot_be_are_estimated(server, name):
    outcome = at(server, name)
    assert outcome.text == "This sound is loud." and outcome.output_tokens == 7
    assert 8 < outcome.input_tokens < 20


@pytest.mark.parametrize(
    "name", ["brackets", "objects", "cut", "page", "utf-16", "nothing", "packed-br", "packed-zstd", "packed-wrongly"]
)
def test_what_cannot_be_read_is_a_failure_that_may_have_cost(server, name):
    outcome = at(server, name)
    assert isinstance(outcome, NotAnswered) and (outcome.reason, outcome.may_cost) == ("no_completion", True)


@pytest.mark.parametrize("name", ["bomb-gzip", "bomb-deflate", "endless"])
def test_no_more_than_the_bound_is_taken(server, name):
    start, server.poured = time.monotonic(), 0
    outcome = at(server, name)
    assert f"longer than {MOST_BYTES:,} bytes" in outcome.message and outcome.may_cost
    assert server.poured < 20 * MOST_BYTES and time.monotonic() - start < 5


def test_an_answer_that_drips_is_over_after_the_time_of_an_attempt(server):
    start = time.monotonic()
    assert at(server, "drip", timeout_seconds=0.5).reason == "timeout"
    assert time.monotonic() - start < 3
    with DoorClient(0.5) as client, pytest.raises(Exception, match=r"was not whole within 0\.5 s"):
        client.post(f"{server.url}/chat/completions", json={"messages": [{"role": "user", "content": "drip"}]})


@pytest.mark.parametrize(
    ("status", "target"),
    [*((status, "another") for status in REDIRECTS), (307, "itself"), (302, "file:///etc/passwd")],
)
def test_a_redirect_is_told_and_never_followed(server, status, target):
    with LlmServer() as another:
        server.elsewhere = {"another": f"{another.url}/chat/completions?a=b", "itself": "/v1/chat/completions"}.get(
            target, target
        )
        before = len(server.log)
        outcome = at(server, f"redirect-{status}")
    assert isinstance(outcome, Refused) and outcome.all_alike
    assert f"redirects to {server.elsewhere.partition('?')[0]} (status {status}), which is not followed" in (
        outcome.message
    )
    assert len(server.log) == before + 1 and another.log == []


@pytest.mark.parametrize(
    ("told", "seconds"), [("-5", None), ("nan", None), ("inf", None), ("soon", None), ("Thu, 32 Foo 2026", None)]
)
def test_a_pause_that_cannot_be_is_none(server, told, seconds):
    assert at(server, f"later-{told}").retry_after is seconds


@pytest.mark.parametrize("told", ["1000000000", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_pause_of_years_ends_the_asking(server, told):
    outcome = at(server, f"later-{told}")
    assert isinstance(outcome, Refused) and outcome.all_alike and "wants to be left alone" in outcome.message


def test_proxies_of_the_environment_are_used(server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
    monkeypatch.setenv("NO_PROXY", "")
    outcome, _ = attempt(base_url="http://nowhere.invalid/v1")
    assert outcome.message.startswith("Error code: 404")  # the answer of the proxy, which knows no such path
