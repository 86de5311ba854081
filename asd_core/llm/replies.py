"""Replies of an LLM, read: an answer, no answer this time, or a refusal."""

from __future__ import annotations

import email.utils
import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from asd_core.llm.cleaning import clean_text
from asd_core.llm.final_answer import final_answer
from asd_core.llm.settings import LlmSettings, Message, tokens_of, without_key

_MOST_ERROR_CHARACTERS = 300
_MOST_ANSWER_CHARACTERS = 4000
_MOST_TOKENS = 10_000_000  # of one attempt; a server that counts more is not believed

# 402: no credit. 401, 404, 405: the key, the LLM's name or the address is wrong, and stays so for every request.
# 403: the project may not use this LLM, or the region or a proxy is in the way; contents are refused by 400.
_REFUSES_ALL = (401, 402, 403, 404, 405)
_OF_CONTENT = ("content_filter", "content_policy_violation")
_TOO_LONG = re.compile(r"maximum context length|context (?:window|size|length)|max_model_len", re.IGNORECASE)
_SHORTER = "lower --llm-max-output-tokens, or serve the model with a longer context"
_NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached")  # come as 429, and waiting does not help


@dataclass(frozen=True)
class Answered:
    """An answer, which may be empty.

    Attributes:
        text: see `asd_core.llm.final_answer`; cut to a length that no caption has.
        input_tokens: as the server counts them, or estimated where it does not say.
        output_tokens: likewise.
        is_cut: the LLM ran into the limit of output tokens, or ended within its reasoning.
        declined: the LLM's own words where it declines instead of answering.
        calls_tool: the LLM calls a tool instead of answering, though none was offered.
    """

    text: str
    input_tokens: int
    output_tokens: int
    is_cut: bool = False
    declined: str | None = None
    calls_tool: bool = False


@dataclass(frozen=True)
class NotAnswered:
    """No answer this time; the next attempt may have one.

    Attributes:
        reason: a short stable code.
        message: one line for people.
        retry_after: seconds for which the server asks to be left alone; None where it does not say.
        may_cost: it may have been worked on, and billed, all the same.
    """

    reason: Literal["rate_limited", "server_error", "timeout", "dropped", "no_completion", "adapted", "refused", "late"]
    message: str
    retry_after: float | None = None
    may_cost: bool = False


@dataclass(frozen=True)
class Refused:
    """A refusal that would be the same every time.

    Attributes:
        message: one line for people.
        all_alike: every other request would be refused too.
        is_of_content: what this request says is refused, whatever becomes of others.
    """

    message: str
    all_alike: bool
    is_of_content: bool = False


Outcome = Answered | NotAnswered | Refused


def read_status(
    status: int, headers: Mapping[str, str], body: Mapping[str, Any], text: str, settings: LlmSettings
) -> NotAnswered | Refused:
    """Read an HTTP status other than 2xx.

    Args:
        status: the HTTP status; a redirect is a refusal of all, for it is not followed.
        headers: of the response, by lower-case name.
        body: its ``error`` object, where there is one.
        text: the server's words.
        settings: whose `LlmSettings.longest_retry_after` holds.
    """
    told = one_line(text)
    if status == 429 and (body.get("code") in _NO_QUOTA or body.get("type") in _NO_QUOTA):
        return Refused(told, all_alike=True)
    if status in (408, 409, 429) or status >= 500:
        seconds = retry_after(headers, time.time())
        if seconds is not None and seconds > settings.longest_retry_after:
            return Refused(f"{settings.name} wants to be left alone for {seconds:.0f} s: {told}", all_alike=True)
        return NotAnswered("rate_limited" if status == 429 else "server_error", told, seconds)
    if body.get("code") in _OF_CONTENT:
        return Refused(told, all_alike=False, is_of_content=True)
    if body.get("code") == "context_length_exceeded" or _TOO_LONG.search(text):
        told = f"{told}; {_SHORTER}"
    return Refused(told, all_alike=status in _REFUSES_ALL or status < 400)


def read_completion(completion: object, settings: LlmSettings, messages: Sequence[Message]) -> Outcome:
    """The answer in a chat completion.

    Args:
        completion: the JSON value that came, whatever it is: the SDK checks nothing.
        settings: for tokens that the server did not count.
        messages: that were sent, likewise.
    """
    choices = member(completion, "choices")
    if not isinstance(choices, list) or not choices:
        return NotAnswered("no_completion", one_line(f"the answer is no completion: {completion!r}"), may_cost=True)
    message = member(choices[0], "message")
    written, declined = _text_of(member(message, "content")), member(message, "refusal")
    answer, ends_in_reasoning = final_answer(written)
    end = member(choices[0], "finish_reason")
    if end == "content_filter" and not answer and not declined:
        declined = "a content filter stopped it"
    usage = member(completion, "usage")
    told, said = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Answered(
        without_key(clean_text(answer))[:_MOST_ANSWER_CHARACTERS],  # there may be JSON within the JSON
        input_tokens=settings.reservation(messages)[0] if told is None else told,
        output_tokens=tokens_of(written + _reasoning_of(message)) if said is None else said,
        is_cut=ends_in_reasoning or end in ("length", "content_filter"),
        declined=one_line(declined) if isinstance(declined, str) and declined.strip() else None,
        calls_tool=bool(member(message, "tool_calls")),
    )


def member(value: object, name: str) -> object:
    """A member of a JSON value; None where it has none of that name, or is no object."""
    return value.get(name) if isinstance(value, dict) else None


def _text_of(content: object) -> str:
    """The text of a message's content: itself, or its parts of type text; parts of other types are reasoning."""
    if isinstance(content, list):
        parts = [member(part, "text") for part in content if member(part, "type") in ("text", "output_text")]
        return "".join(part for part in parts if isinstance(part, str)).strip()
    return content.strip() if isinstance(content, str) else ""


def _reasoning_of(message: object) -> str:
    """The reasoning that a server parted from the answer: it is paid for as well."""
    words = (member(message, "reasoning_content"), member(message, "reasoning"))
    return next((text for text in words if isinstance(text, str)), "")


def _count(usage: object, name: str) -> int | None:
    count = member(usage, name)
    return count if isinstance(count, int) and 0 <= count <= _MOST_TOKENS else None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds for which a server asks to be left alone; None where it does not say.

    Args:
        headers: of the response, by lower-case name: ``retry-after`` is in seconds or a date; OpenAI's own
            ``retry-after-ms`` goes before it.
        now: seconds since the epoch.
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) / scale
        except (KeyError, ValueError):
            continue
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    try:
        return max(0.0, email.utils.parsedate_to_datetime(headers["retry-after"]).timestamp() - now)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None


def one_line(text: str) -> str:
    """A text from outside in one line of bounded length, without the key."""
    words = " ".join(without_key(clean_text(text)).split())
    return words if len(words) <= _MOST_ERROR_CHARACTERS else words[: _MOST_ERROR_CHARACTERS - 1] + "…"
