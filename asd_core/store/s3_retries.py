"""Requests to S3 that are made again: where the service fails, a connection ends, or an answer is cut short.

The client libraries' own retries are off. They are nested (each of five tries of one makes five of the other), know
nothing of answers that end in the middle, and may wait for minutes before anyone is told.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

MOST_TRIES = 8
MOST_SECONDS = 45.0
"""After which no further try of a request begins; one that gets no answer ends after 15 s."""

_LONGEST_PAUSE = 8.0  # s, between two tries
_FEW_TRIES = 5  # where nothing listens at the endpoint: a wrong address is told soon
_CODES = (
    *("SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "RequestTimeTooSkewed", "Throttling"),
    *("ThrottlingException", "TooManyRequests", "ConditionalRequestConflict", "OperationAborted"),
)

T = TypeVar("T")


class AnswerCutShort(OSError):
    """An answer ended before all of it had come."""


def tried(request: Callable[[int], T], pause: Callable[[float], None] = time.sleep) -> T:
    """Make a request, and again where another try may help; pauses grow and are drawn, so that many clients spread out.

    Args:
        request: called with how many tries came before.
        pause: waits for some seconds.

    Raises:
        Exception: of the last try.
    """
    start = time.monotonic()
    for number in range(MOST_TRIES):
        try:
            return request(number)
        except Exception as error:
            most = _FEW_TRIES if _is_nobody_there(error) else MOST_TRIES
            if not is_passing(error) or number + 1 >= most or time.monotonic() - start > MOST_SECONDS:
                raise
        pause(random.uniform(0, min(_LONGEST_PAUSE, 0.5 * 2**number)))
    raise AssertionError("the last try returns or raises")


def is_passing(error: BaseException | None) -> bool:
    """Tell if an error, or what it comes from, is one that another try may not meet."""
    if error is None or isinstance(error, FileNotFoundError | FileExistsError | PermissionError):
        return False
    if isinstance(error, AnswerCutShort | ConnectionError | TimeoutError):
        return True
    from aiohttp import ClientConnectionError, ClientPayloadError
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    if isinstance(error, ClientConnectionError | ClientPayloadError):  # of the answer to a refusal, which stay bare
        return True
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError | ResponseParserError):
        return True
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status in (408, 429) or code_of(error) in _CODES
    return is_passing(error.__cause__)


def code_of(error: BaseException | None) -> str:
    """The error code that the server gave, where one is in the chain of causes; "" otherwise."""
    if error is None:
        return ""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return code_of(error.__cause__)


def _is_nobody_there(error: BaseException) -> bool:
    return type(error).__name__ == "EndpointConnectionError"
