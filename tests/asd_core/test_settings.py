from dataclasses import dataclass
from typing import Literal

import pytest

from asd_core.errors import UsageError
from asd_core.settings import check_choices, check_integer, check_number, from_mapping


@dataclass(frozen=True)
class Example:
    kind: Literal["plain", "fancy"] = "plain"
    ratio: float = 0.5
    count: int = 3
    top: float | None = None
    strict: bool = False


def test_given_fields_are_taken_and_the_others_keep_their_defaults():
    assert from_mapping(Example, {"count": 4, "ratio": 1, "top": 2}, "[x]") == Example(count=4, ratio=1.0, top=2.0)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"cuont": 4}, r"\[x\] has no key 'cuont'; did you mean 'count'\?"),
        ({"kind": "fansy"}, r"\[x\] kind = 'fansy'; did you mean 'fancy'\?"),
        ({"count": 2.5}, r"\[x\] count = 2.5 is not a whole number"),
        ({"count": True}, r"\[x\] count = True is not a whole number"),
        ({"ratio": "2,"}, r"\[x\] ratio = '2,' is not a number"),
        ({"ratio": float("nan")}, r"\[x\] ratio is not a number"),
        ({"strict": 1}, r"\[x\] strict = 1 is not true or false"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(mapping, message):
    with pytest.raises(UsageError, match=message):
        from_mapping(Example, mapping, "[x]")


@pytest.mark.parametrize("value", [0, -1, 2.0, True, "2", None])
def test_only_a_whole_number_that_is_large_enough_passes(value):
    check_integer("k", 1, at_least=1)
    with pytest.raises(UsageError, match="k = .*: must be a whole number, 1 or more"):
        check_integer("k", value, at_least=1)


@pytest.mark.parametrize("value", [0, 1, 1.5, float("nan"), True, "0.5"])
def test_only_a_number_strictly_between_the_bounds_passes(value):
    check_number("weight", 0.5, above=0, below=1)
    with pytest.raises(UsageError, match="weight = .*: must be a number above 0 and below 1"):
        check_number("weight", value, above=0, below=1)


def test_a_choice_is_one_of_those_allowed():
    check_choices(Example("fancy"))
    with pytest.raises(UsageError, match="kind = 'fansy': must be one of 'plain', 'fancy'"):
        check_choices(Example("fansy"))
