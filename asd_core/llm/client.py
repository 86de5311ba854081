"""One attempt at a chat completion.

The SDK's own retries are off: every attempt is one HTTP request, which its caller has let through the limits and
written down beforehand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from asd_core.llm.door import AsyncDoorClient, Unreadable
from asd_core.llm.replies import NotAnswered, Outcome, one_line, read_completion, read_status
from asd_core.llm.settings import OPENAI_URL, LlmSettings, Message, api_key

if TYPE_CHECKING:
    from openai import APIStatusError

_NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout")  # by name: the SDK changes its HTTP library


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
            api_key=api_key(),
            base_url=settings.url,
            max_retries=0,
            timeout=settings.timeout_seconds,
            http_client=cast(Any, AsyncDoorClient(settings.timeout_seconds)),  # the SDK's own library is another
        )
        self._parameters = first_parameters(settings)

    async def attempt(self, messages: Sequence[Message]) -> Outcome:
        """Send messages once; returns the outcome."""
        import openai

        parameters = self._parameters  # as sent: others may be put in their place meanwhile
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):  # the SDK's is of each read, not of the whole
                body = {"model": self._settings.model, "messages": list(messages), **parameters}
                value = await self._client.post("/chat/completions", body=body, cast_to=object)
            return read_completion(value, self._settings, messages)
        except (TimeoutError, openai.APITimeoutError) as error:
            told = f"no answer within {self._settings.timeout_seconds:g} s"
            return NotAnswered("timeout", told, may_cost=not _was_not_sent(error.__cause__))
        except openai.APIStatusError as error:
            return self._status(error, parameters)
        except openai.APIConnectionError as error:
            return _dropped(error.__cause__ or error, self._settings)
        except Exception as error:  # whatever one answer does to the SDK is that answer's failure
            return NotAnswered("no_completion", one_line(f"the answer is no completion: {error!r}"), may_cost=True)

    async def close(self) -> None:
        """Give connections back."""
        await self._client.close()

    def _status(self, error: APIStatusError, parameters: dict[str, Any]) -> Outcome:
        body = error.body if isinstance(error.body, dict) else {}
        if error.status_code == 400 and (better := other_parameters(parameters, body)) is not None:
            self._parameters = better
            return NotAnswered("adapted", one_line(str(error)))
        return read_status(error.status_code, error.response.headers, body, str(error), self._settings)


def _dropped(cause: BaseException, settings: LlmSettings) -> NotAnswered:
    if isinstance(cause, Unreadable):
        return NotAnswered("no_completion", one_line(str(cause)), may_cost=True)
    was_sent = not _was_not_sent(cause)
    told = "the connection broke" if was_sent else f"{settings.url} cannot be reached"
    return NotAnswered("dropped", one_line(f"{told}: {type(cause).__name__}: {cause}"), may_cost=was_sent)


def _was_not_sent(cause: BaseException | None) -> bool:
    """True where there was no connection, so that nothing can have been sent."""
    return type(cause).__name__ in _NOT_SENT


def first_parameters(settings: LlmSettings) -> dict[str, Any]:
    """Parameters to begin with, beside model and messages.

    OpenAI's newer models know ``max_completion_tokens`` only, many compatible servers ``max_tokens`` only.
    """
    most = "max_completion_tokens" if settings.url.startswith(OPENAI_URL) else "max_tokens"
    parameters: dict[str, Any] = {most: settings.max_output_tokens}
    if settings.temperature is not None:
        parameters["temperature"] = settings.temperature
    return parameters


def other_parameters(parameters: Mapping[str, Any], error: Mapping[str, Any]) -> dict[str, Any] | None:
    """Parameters to send instead where a server refuses one of them; None where that is not its complaint."""
    others = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
    refused = error.get("param")
    if not isinstance(refused, str) or refused not in parameters:
        return None
    if error.get("code") not in ("unsupported_parameter", "unsupported_value"):
        return None
    kept = {name: value for name, value in parameters.items() if name != refused}
    return kept | {others[refused]: parameters[refused]} if refused in others else kept
