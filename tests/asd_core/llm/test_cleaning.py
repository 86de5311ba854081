import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.llm.cleaning import DEEPEST, clean_text, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=20,
)


@given(st.text(st.characters(codec=None)))
def test_any_text_can_be_encoded_and_is_clean_the_second_time(text):
    cleaned = clean_text(text)
    cleaned.encode()
    assert clean_text(cleaned) == cleaned and len(cleaned) == len(text)


def test_what_a_terminal_or_a_reader_would_obey_becomes_a_blank():
    assert clean_text("a\x00b\x1b[2J\u202ec\td\ne\ud83d") == "a b [2J c\td\ne\ufffd"


def test_two_halves_of_a_character_are_one():
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@given(VALUES)
def test_any_json_value_comes_in_a_form_that_can_be_stored(value):
    read = read_json(json.dumps(value).encode())
    assert read_json(json.dumps(read, allow_nan=False).encode()) == read


def test_ordinary_values_come_as_they_are():
    value = {"a": [1, -2, 2.5, True, None, "\u00e9 \u4e2d"], "b": {"c": 10**17}}
    assert read_json(json.dumps(value).encode()) == value


def test_numbers_that_no_column_holds_are_none():
    assert read_json(b"[1e999, NaN, -Infinity, 1" + b"0" * 30 + b", 9" + b"9" * 9000 + b"]") == [None] * 5


def test_levels_beyond_the_deepest_are_none():
    value = read_json(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1))
    for _ in range(DEEPEST - 1):
        (value,) = value
    assert value == [None]


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe{", b"<html>"])
def test_what_is_no_json_is_said_in_one_way(data):
    with pytest.raises(ValueError):
        read_json(data)
