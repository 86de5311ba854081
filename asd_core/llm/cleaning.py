"""Text and JSON from outside, made harmless before anything else sees them.

A string that cannot be encoded, a number that no column holds or a control character that a terminal obeys would
otherwise go wrong far from here: in a file of the store, in a table, on a console.
"""

from __future__ import annotations

import json
import math
import re

DEEPEST = 32
"""Levels of a JSON value that are kept; a completion has five."""

# Controls except tab and line breaks; marks and overrides of the direction of writing.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MOST_DIGITS = 18  # so many fit into 64 bits


def clean_text(text: str) -> str:
    r"""A text that can be encoded and shown: U+FFFD in the place of lone surrogates, blanks in that of controls.

    >>> clean_text("up \x1b[2Jdown")
    'up  [2Jdown'
    """
    return _UNSEEN.sub(" ", _SURROGATES.sub("\ufffd", text))


def read_json(data: bytes) -> object:
    """A JSON value with clean strings, whole numbers of 64 bits, finite floats and at most `DEEPEST` levels.

    Args:
        data: UTF-8. Bytes that are none become U+FFFD.

    Returns:
        The value; None in the place of each number and each level that is beyond that.

    Raises:
        ValueError: it is no JSON, or nested too deeply to be read.
    """
    text = data.decode("utf-8-sig", errors="replace")
    try:
        return _clean(json.loads(text, parse_int=_whole_number, parse_constant=lambda name: None))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _whole_number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


def _clean(value: object, level: int = 0) -> object:
    match value:
        case str():
            return clean_text(value)
        case float():
            return value if math.isfinite(value) else None
        case dict() | list() if level == DEEPEST:
            return None
        case dict():
            return {clean_text(name): _clean(each, level + 1) for name, each in value.items()}
        case list():
            return [_clean(each, level + 1) for each in value]
        case _:
            return value
