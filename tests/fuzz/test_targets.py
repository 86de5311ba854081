import pytest

from asd_core.errors import UsageError
from tests.fuzz.__main__ import run_batch
from tests.fuzz.targets import TARGETS, refused


def fails(kind, message):
    def reader():
        raise kind(message)

    return reader


def test_one_line_is_a_refusal_and_anything_else_a_finding():
    assert refused(fails(UsageError, "no such thing")) is None and refused(lambda: 3) == 3
    for kind, message in ((ValueError, "embedded null byte"), (UsageError, "")):
        with pytest.raises((ValueError, AssertionError)):
            refused(fails(kind, message))


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "recordings"])
def test_a_batch_of_each_target_finds_nothing(name):
    assert run_batch(name, TARGETS[name], 0, examples=15) == ""
