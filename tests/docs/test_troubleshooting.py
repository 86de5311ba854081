"""docs/troubleshooting.md quotes messages that the code has."""

import ast
import re

import pytest

from tests.docs.blocks import ROOT

TEXT = (ROOT / "docs" / "troubleshooting.md").read_text("utf-8")
QUOTED = [" ".join(message.split()) for message in re.findall(r"^- `([^`]+)`: ", TEXT, re.MULTILINE)]
_SHORTEST = 6  # characters of a part that says something


def spoken(source):
    """All texts of a source file, a format string's fixed parts joined by a character that no message has."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "\0".join(part.value for part in node.values if isinstance(part, ast.Constant))


@pytest.fixture(scope="module")
def said():
    files = [path for room in ("asd_core", "cluster", "jobs") for path in (ROOT / room).rglob("*.py")]
    texts = [text for path in files for text in spoken(path.read_text("utf-8"))]
    return "\0".join([*texts, (ROOT / "Makefile").read_text("utf-8")])


def parts(message):
    """What a quoted message says in every case."""
    return [part.strip() for part in message.split("…") if len(part.strip()) >= _SHORTEST]


@pytest.mark.parametrize("message", QUOTED)
def test_a_quoted_message_is_one_that_the_code_has(message, said):
    assert parts(message), "quote more of it"
    assert not [part for part in parts(message) if part not in said]


def test_there_are_messages_and_each_is_quoted_once():
    assert len(QUOTED) > 40
    assert len(set(QUOTED)) == len(QUOTED)


def test_a_message_that_nobody_says_is_found(said):
    assert [part for part in parts("no such folder, or nobody in it: …") if part not in said]
