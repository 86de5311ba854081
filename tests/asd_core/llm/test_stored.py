from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.llm.cleaning import read_json
from asd_core.llm.requests import CaptionAnswer
from asd_core.llm.stored import Attempt, read_answer, read_attempts, read_moments

ANSWER = CaptionAnswer("r1", "This sound is loud.", 20, 7, 1)
ATTEMPT = Attempt(100.5, "job", "timeout", "no answer", 1, 2, "Loud.", "too short", 200)
ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2)


def test_records_come_back_as_they_were_written():
    assert read_answer(asdict(ANSWER), "r1") == ANSWER
    assert read_attempts({"attempts": [asdict(ATTEMPT)] * 2}) == (ATTEMPT, ATTEMPT)
    assert read_moments({"incarnation": "job", "dispatched": [[1.5, 3]]}) == ("job", [(1.5, 3)])


@given(st.sampled_from([each.name for each in fields(CaptionAnswer)]), ODD)
def test_an_answer_with_any_other_value_is_an_answer_of_the_same_types_or_an_error(name, odd):
    try:
        answer = read_answer(asdict(ANSWER) | {name: odd}, "r1")
    except ValueError:
        return
    assert all(each is None or type(each) in (str, int, bool) for each in asdict(answer).values())


@given(st.recursive(ODD, lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=5))
def test_any_other_value_is_an_error(value):
    for reader in (lambda each: read_answer(each, "r1"), read_attempts, read_moments):
        with pytest.raises(ValueError):
            reader(value)


@pytest.mark.parametrize("data", [b"[[1, 2, 3]]", b'[["x", 1]]', b"[[-1, 1]]", b"[[1e300, 1]]", b"[[NaN, 1]]", b"[7]"])
def test_moments_that_cannot_be_are_an_error(data):
    with pytest.raises(ValueError):
        read_moments({"dispatched": read_json(data)})
