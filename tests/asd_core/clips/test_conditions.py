from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.conditions import CONDITIONS, WORDS, WORDS_AND_NUMBERS, condition_of


@pytest.mark.parametrize("word", ["normal", "OK", "Normal ", "good", "False", "0", "0.0", "0,00", "healthy"])
def test_words_for_a_sound_machine_are_normal(word: str) -> None:
    assert condition_of(word) == "normal"


@pytest.mark.parametrize(
    "word",
    ["anomalous", "ANOMALY", "abnormal", "NG", "not_ok", "Not OK", "faulty", "bad", "True", "1", "1.0", "1.000000"],
)
def test_words_for_a_faulty_machine_are_anomalous(word: str) -> None:
    assert condition_of(word) == "anomalous"


@pytest.mark.parametrize("word", ["", " ", "NaN", "None", "unknown", "n/a"])
def test_words_for_nothing_known_are_no_condition(word: str) -> None:
    assert condition_of(word) == ""


@pytest.mark.parametrize("word", ["loud", "2", "-1", "0.5", "1.01", "10", "normalish", "１"])
def test_another_word_is_never_guessed(word: str) -> None:
    assert condition_of(word) is None


@given(st.sampled_from(sorted(CONDITIONS)), st.data())
def test_case_never_matters(word: str, data: st.DataObject) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(word), max_size=len(word)))
    mixed = "".join(letter.upper() if flag else letter for letter, flag in zip(word, upper, strict=True))
    assert condition_of(mixed) == CONDITIONS[word]


@given(st.sampled_from(sorted(CONDITIONS)))
def test_a_regular_expression_knows_the_words_of_the_table(word: str) -> None:
    is_word = CONDITIONS[word] != ""
    assert bool(re.fullmatch(WORDS_AND_NUMBERS, word)) == is_word
    assert bool(re.fullmatch(WORDS, word.upper())) == (is_word and word not in ("0", "1", "true", "false"))
