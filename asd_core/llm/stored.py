"""Records of the ledger, read back: whatever a file of the store holds, it is one of these or an error.

A store may be damaged, or written by others. A record that is not as it was written must cost its own request and no
other one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from asd_core.llm.requests import CaptionAnswer

_MOST = 2**53  # of a count or a moment: what JSON keeps exactly


@dataclass(frozen=True)
class Attempt:
    """One attempt at a request.

    Attributes:
        at: when it was let through, in seconds since the epoch.
        incarnation: name of the job that made it.
        outcome: None while it is under way; then one of the words of `asd_core.llm.ledger` or the reason of its
            failure.
        message: what went wrong, in one line.
        input_tokens: as far as the LLM said.
        output_tokens: likewise.
        text: an answer that was complained of.
        complaint: what is wrong with it.
        most_output_tokens: that the answer could have.
    """

    at: float
    incarnation: str
    outcome: str | None = None
    message: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    text: str | None = None
    complaint: str | None = None
    most_output_tokens: int = 0


def read_answer(value: object, request_id: str) -> CaptionAnswer:
    """The answer in a record.

    Raises:
        ValueError: it is none, or another request's.
    """
    answer = CaptionAnswer(**_checked(value, CaptionAnswer))
    if answer.request_id != request_id:
        raise ValueError("it is another request's")
    if answer.text is None and answer.error_reason is None:
        raise ValueError("it has neither a text nor an error")
    return answer


def read_attempts(value: object) -> tuple[Attempt, ...]:
    """The attempts in a record of intents.

    Raises:
        ValueError: it is none.
    """
    attempts = value.get("attempts") if isinstance(value, dict) else None
    if not isinstance(attempts, list):
        raise ValueError("it lists no attempts")
    return tuple(Attempt(**_checked(attempt, Attempt)) for attempt in attempts)


def read_moments(value: object) -> tuple[object, list[tuple[float, int]]]:
    """Whose the record of a last minute is, and its moments and tokens.

    Raises:
        ValueError: it is none.
    """
    entries = value.get("dispatched") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(entries, list):
        raise ValueError("it lists no attempts")
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != 2 or not all(map(_is_count, entry)):
            raise ValueError(f"{entry!r} is no moment with its tokens")
    return value.get("incarnation"), [(at, int(tokens)) for at, tokens in entries]


def _is_count(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < _MOST


def _checked(value: object, kind: type[Any]) -> Mapping[str, Any]:
    """The fields of a dataclass of texts and counts, each of its type."""
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    kinds = {field.name: str(field.type) for field in fields(kind)}
    for name, each in value.items():
        is_right = {
            "str": isinstance(each, str),
            "str | None": each is None or isinstance(each, str),
            "int": isinstance(each, int) and _is_count(each),
            "float": _is_count(each),
        }.get(kinds.get(name, ""))
        if is_right is None:
            raise ValueError(f"{name!r} is no field of it")
        if not is_right:
            raise ValueError(f"its {name} cannot be {str(each)[:40]!r}")
    missing = [each.name for each in fields(kind) if each.default is MISSING and each.name not in value]
    if missing:
        raise ValueError(f"it has no {missing[0]}")
    return value
