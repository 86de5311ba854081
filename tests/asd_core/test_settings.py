from dataclasses import dataclass
from typing import Literal

import pytest

from asd_core.errors import UsageError
from asd_core.settings import from_mapping


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
