import dataclasses

import pytest

from asd_core.errors import UsageError
from asd_core.llm.settings import LlmSettings, api_key, tokens_of, without_key

KEY = "sk-never-to-be-seen"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (None, "m at api.openai.com"),
        ("http://llm.plant.example:8000/v1/", "m at llm.plant.example:8000"),
    ],
)
def test_an_llm_is_named_by_model_and_host_alone(url, name):
    assert LlmSettings("m", url).name == name


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"model": " "}, "has no name"),
        ({"base_url": "llm.example/v1"}, "'llm.example/v1' is no http"),
        ({"base_url": "ftp://llm.example"}, "is no http"),
        ({"base_url": "https://user:secret@llm.example/v1"}, "may hold no user, password or query"),
        ({"base_url": "https://llm.example/v1?key=secret"}, "may hold no user, password or query"),
        ({"requests_per_minute": 0}, "requests_per_minute = 0 must be at least 1"),
        ({"tokens_per_minute": 0}, "tokens_per_minute = 0"),
        ({"concurrency": 0}, "concurrency = 0"),
        ({"timeout_seconds": 0.0}, "timeout_seconds = 0 must be above 0"),
        ({"budget_usd": 1.0, "usd_per_million_input": 1.0}, "needs the LLM's prices"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(changes, told):
    with pytest.raises(UsageError, match=told) as refused:
        LlmSettings(**changes)
    assert "\n" not in str(refused.value)


def test_a_price_is_per_million_tokens():
    settings = LlmSettings(usd_per_million_input=0.5, usd_per_million_output=2.0)
    assert settings.usd(1_000_000, 500_000) == pytest.approx(1.5)
    assert LlmSettings().usd(1, 1) is None


def test_a_reservation_is_above_what_english_takes_and_counts_other_scripts():
    text = "This sound is louder than the normal ones and has a rattle. " * 10
    assert tokens_of(text) >= 1.2 * len(text.split())
    assert tokens_of("異常音") == 3 and tokens_of("") == 0
    told, said = LlmSettings().reservation([{"role": "user", "content": text}] * 2)
    assert told > 2 * tokens_of(text) and said == LlmSettings().max_output_tokens


def test_settings_can_be_copied_and_compared():
    assert dataclasses.replace(LlmSettings(), concurrency=8) == LlmSettings()


def test_the_key_comes_from_the_environment_and_a_missing_one_is_said(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    assert api_key() == KEY
    for value in ("", "  "):
        monkeypatch.setenv("OPENAI_API_KEY", value)
        with pytest.raises(UsageError, match="OPENAI_API_KEY is not set in the environment: .* --captioner acoustic"):
            api_key()


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-né\u200b-secret")
    with pytest.raises(UsageError) as refused:
        api_key()
    assert "secret" not in str(refused.value)


def test_the_key_is_taken_out_of_whatever_a_server_says(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert without_key(f"no such key: {KEY}!") == "no such key: [OPENAI_API_KEY]!"
    monkeypatch.setenv("OPENAI_API_KEY", "-")
    assert without_key("This sound is low-pitched.") == "This sound is low-pitched."


@pytest.mark.parametrize("stand_in", ["none", "ollama", "less", "anything", "s3-key"])
def test_what_stands_in_for_a_key_and_may_be_a_word_is_left_in_answers(monkeypatch, stand_in):
    monkeypatch.setenv("OPENAI_API_KEY", stand_in)
    assert without_key(f"louder, {stand_in}theless") == f"louder, {stand_in}theless"


@pytest.mark.parametrize("key", ["plant-42", "abcdefg1", "onlylettersbutlong"])
def test_what_can_be_a_key_is_taken_out_however_short(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    assert without_key(f"no such key: {key}") == "no such key: [OPENAI_API_KEY]"
