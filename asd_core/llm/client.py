"""One attempt at a chat completion, and what can come of it.

The SDK's own retries are off: every attempt is one HTTP request, which its caller has let through the limits and
written down beforehand.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from asd_core.llm.settings import OPENAI_URL, LlmSettings, Message, api_key, tokens_of, without_key

if TYPE_CHECKING:
    from openai import APIStatusError

_MOST_ERROR_CHARACTERS = 300
_MOST_ANSWER_CHARACTERS = 4000

# 402: no credit. 401, 404, 405: the key, the LLM's name or the address is wrong, and stays so for every request.
# 403: the project may not use this LLM, or the region or a proxy is in the way; contents are refused by 400.
_REFUSES_ALL = (401, 402, 403, 404, 405)
_NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout")  # by name: the SDK changes its HTTP library
_NO_QUOTA = ("insufficient_quota", "billing_hard_limit_reached")  # come as 429, and waiting does not help


@dataclass(frozen=True)
class Answered:
    """An answer, which may be empty.

    Attributes:
        text: stripped; cut to a length that no caption has.
        input_tokens: as the server counts them, or estimated where it does not say.
        output_tokens: likewise.
        is_cut: whether the LLM ran into the limit of output tokens.
        declined: why it will not answer, in its own words, where it says so in the place of an answer.
        calls_tool: whether it calls a tool, though none was offered, in the place of an answer.
    """

    text: str
    input_tokens: int
    output_tokens: int
    is_cut: bool = False
    declined: str | None = None
    calls_tool: bool = False


@dataclass(frozen=True)
class NotAnswered:
    """Nothing came of it this time.

    Attributes:
        reason: a short stable code.
        message: one line for people.
        retry_after: seconds for which the server asks to be left alone; None where it does not say.
        may_cost: whether it may have been worked on, and billed, all the same.
    """

    reason: Literal["rate_limited", "server_error", "timeout", "dropped", "no_completion", "adapted", "refused", "late"]
    message: str
    retry_after: float | None = None
    may_cost: bool = False


@dataclass(frozen=True)
class Refused:
    """It would come to the same every time.

    Attributes:
        message: one line for people.
        all_alike: whether every other request would be refused too.
    """

    message: str
    all_alike: bool


Outcome = Answered | NotAnswered | Refused


class Llm(Protocol):
    """Whatever can be sent messages."""

    async def attempt(self, messages: Sequence[Message]) -> Outcome:
        """Send messages once, and say what came of it."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...


class LlmClient:
    """A chat-completions endpoint.

    Args:
        settings: which LLM.

    Raises:
        UsageError: there is no key in the environment.
    """

    def __init__(self, settings: LlmSettings) -> None:
        from openai import AsyncOpenAI

        self._settings = settings
        self._client = AsyncOpenAI(
            api_key=api_key(), base_url=settings.url, max_retries=0, timeout=settings.timeout_seconds
        )
        self._parameters = first_parameters(settings)

    async def attempt(self, messages: Sequence[Message]) -> Outcome:
        """See `Llm.attempt`."""
        import openai

        parameters = dict(self._parameters)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):  # the SDK's is of each read, not of the whole
                completion = await self._client.chat.completions.create(
                    model=self._settings.model,
                    messages=list(messages),  # type: ignore[arg-type]
                    **parameters,
                )
            value: object = (
                completion.to_dict(warnings=False) if isinstance(completion, openai.BaseModel) else completion
            )
        except (TimeoutError, openai.APITimeoutError) as error:
            told = f"no answer within {self._settings.timeout_seconds:g} s"
            return NotAnswered("timeout", told, may_cost=not _was_not_sent(error.__cause__))
        except openai.APIStatusError as error:
            return self._status(error, parameters)
        except openai.APIConnectionError as error:
            return _dropped(error.__cause__ or error, self._settings)
        except (openai.OpenAIError, ValueError) as error:  # a body that says it is JSON and is not
            return NotAnswered("no_completion", one_line(f"the answer is no completion: {error}"), may_cost=True)
        return read_completion(value, self._settings, messages)

    async def close(self) -> None:
        """See `Llm.close`."""
        await self._client.close()

    def _status(self, error: APIStatusError, parameters: dict[str, Any]) -> Outcome:
        body = error.body if isinstance(error.body, dict) else {}
        if error.status_code == 400 and (better := other_parameters(parameters, body)) is not None:
            self._parameters = better
            return NotAnswered("adapted", one_line(str(error)))
        return read_status(error.status_code, error.response.headers, body, str(error), self._settings)


def _dropped(cause: BaseException, settings: LlmSettings) -> NotAnswered:
    was_sent = not _was_not_sent(cause)
    told = "the connection broke" if was_sent else f"{settings.url} cannot be reached"
    return NotAnswered("dropped", one_line(f"{told}: {type(cause).__name__}: {cause}"), may_cost=was_sent)


def _was_not_sent(cause: BaseException | None) -> bool:
    """Whether there was no connection that anything could have been sent by."""
    return type(cause).__name__ in _NOT_SENT


def first_parameters(settings: LlmSettings) -> dict[str, Any]:
    """What is sent beside model and messages, to begin with.

    OpenAI's newer models know ``max_completion_tokens`` only, many compatible servers ``max_tokens`` only.
    """
    most = "max_completion_tokens" if settings.url.startswith(OPENAI_URL) else "max_tokens"
    parameters: dict[str, Any] = {most: settings.max_output_tokens}
    if settings.temperature is not None:
        parameters["temperature"] = settings.temperature
    return parameters


def other_parameters(parameters: Mapping[str, Any], error: Mapping[str, Any]) -> dict[str, Any] | None:
    """What to send instead where a server refuses one of the parameters; None where that is not its complaint."""
    others = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
    refused = error.get("param")
    if not isinstance(refused, str) or refused not in parameters:
        return None
    if error.get("code") not in ("unsupported_parameter", "unsupported_value"):
        return None
    kept = {name: value for name, value in parameters.items() if name != refused}
    return kept | {others[refused]: parameters[refused]} if refused in others else kept


def read_status(
    status: int, headers: Mapping[str, str], body: Mapping[str, Any], text: str, settings: LlmSettings
) -> NotAnswered | Refused:
    """What an HTTP status other than 2xx means.

    Args:
        status: the HTTP status.
        headers: of the response, by lower-case name.
        body: its ``error`` object, where there is one.
        text: what the server said.
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
    return Refused(told, all_alike=status in _REFUSES_ALL)


def read_completion(completion: object, settings: LlmSettings, messages: Sequence[Message]) -> Outcome:
    """The answer in a chat completion.

    Args:
        completion: the JSON value that came, whatever it is: the SDK checks nothing.
        settings: for tokens that the server did not count.
        messages: that were sent, likewise.
    """
    choices = _in(completion, "choices")
    if not isinstance(choices, list) or not choices:
        return NotAnswered("no_completion", one_line(f"the answer is no completion: {completion!r}"), may_cost=True)
    message = _in(choices[0], "message")
    content, declined = _in(message, "content"), _in(message, "refusal")
    text = without_key(content.strip())[:_MOST_ANSWER_CHARACTERS] if isinstance(content, str) else ""
    usage = _in(completion, "usage")
    told, said = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Answered(
        text,
        input_tokens=settings.reservation(messages)[0] if told is None else told,
        output_tokens=tokens_of(text) if said is None else said,
        is_cut=_in(choices[0], "finish_reason") == "length",
        declined=one_line(declined) if isinstance(declined, str) and declined.strip() else None,
        calls_tool=bool(_in(message, "tool_calls")),
    )


def _in(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _count(usage: object, name: str) -> int | None:
    count = _in(usage, name)
    return count if isinstance(count, int) and count >= 0 else None


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
    except (KeyError, ValueError, OverflowError):
        return None


def one_line(text: str) -> str:
    """A text from outside in one line of bounded length, without the key."""
    words = " ".join(without_key(text).split())
    return words if len(words) <= _MOST_ERROR_CHARACTERS else words[: _MOST_ERROR_CHARACTERS - 1] + "…"
