"""One message is posted, and it is told whether its receiver has it, has it not, or may have it.

Only the status of an answer counts, so a body is not read, but for the first bytes of a refusal. Redirects are not
followed: they would carry a message to an address that nobody named. The time of a whole attempt is bounded, from the
name of the host to the answer, whatever the other side does.
"""

from __future__ import annotations

import functools
import logging
import re
import ssl
import threading
import urllib.parse
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import httpx

from asd_core.llm.cleaning import clean_text

_THREAD = "asd message"
_MOST_READ = 2000  # bytes of a refusal
_MOST_SHOWN = 120  # characters
_MOST_DIGITS = 6  # of seconds to wait
_LEAST_SECRET = 4  # characters of a part of an address that a server may repeat
_PASSING = (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS)
_NOT_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError),
    *(httpx.InvalidURL, UnicodeError),
)


@dataclass(frozen=True)
class Answer:
    """The outcome of one attempt.

    Attributes:
        is_taken: the receiver says that it has the message.
        may_be_taken: it may have it, though it does not say so.
        why: in a few words, why it is not taken; "" where it is.
        is_refused: it refuses the message, and will hardly take it a moment later.
        retry_after: seconds for which it asks to be left alone.
    """

    is_taken: bool
    may_be_taken: bool
    why: str = ""
    is_refused: bool = False
    retry_after: float = 0.0


class Post(Protocol):
    """Posts a body once."""

    def __call__(self, url: str, body: bytes, seconds: float) -> Answer:
        """The outcome, after so many seconds at most."""


def post(url: str, body: bytes, seconds: float) -> Answer:
    """Post JSON once.

    Args:
        url: of the receiver; neither told nor logged.
        body: JSON.
        seconds: that the attempt may take.
    """
    found: list[Answer] = []
    client = httpx.Client(timeout=seconds, follow_redirects=False, verify=_trusted())

    def attempt() -> None:
        try:
            with client:
                found.append(_attempt(client, url, body))
        except Exception as error:
            found.append(_broken(error, url))

    # In a thread: names that are not found and headers that drip take longer than any timeout of a socket.
    worker = threading.Thread(target=attempt, name=_THREAD, daemon=True)
    logging.getLogger("httpx").addFilter(_is_of_others)
    worker.start()
    worker.join(seconds)
    if found:
        return found[0]
    with suppress(Exception):
        client.close()
    return Answer(False, True, f"no answer within {seconds:.2g} s")


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted; reading them takes longer than a message does."""
    return httpx.create_ssl_context()


def _attempt(client: httpx.Client, url: str, body: bytes) -> Answer:
    headers = {"Content-Type": "application/json", "User-Agent": "asd", "Accept-Encoding": "identity"}
    with client.stream("POST", url, content=body, headers=headers) as response:
        status = response.status_code
        if response.is_success:
            return Answer(True, True)
        if response.is_redirect or 300 <= status < 400:
            return Answer(False, False, f"it redirects (status {status}), which is not followed", True)
        said = ""
        with suppress(httpx.HTTPError):
            said = _shown(next(response.iter_raw(_MOST_READ), b"").decode(errors="replace"), url)
        is_refused = 400 <= status < 500 and status not in _PASSING
        may_be = status >= 500 or status == httpx.codes.REQUEST_TIMEOUT
        asked = response.headers.get("retry-after", "")
        seconds = float(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _MOST_DIGITS else 0.0
        return Answer(False, may_be, f"status {status}{said and f' ({said})'}", is_refused, seconds)


def _broken(error: Exception, url: str) -> Answer:
    """The outcome of an attempt that an error ended."""
    if isinstance(error, httpx.TimeoutException):
        return Answer(False, not isinstance(error, _NOT_SENT), "no answer in time")
    said = _shown(str(error), url)
    kind = "no connection" if isinstance(error, _NOT_SENT) else "the connection broke off"
    return Answer(False, not isinstance(error, _NOT_SENT), f"{kind}{said and f' ({said})'}")


def _shown(text: str, url: str) -> str:
    """The words of an error or a refusal; "" where they may repeat a part of the address, or are no short text."""
    line = " ".join(clean_text(text).split())
    parts = [part for part in re.split(r"[/?&=@:]", url) if len(part) >= _LEAST_SECRET]
    parts = [part for part in parts if part not in (urllib.parse.urlsplit(url).hostname, "http", "https")]
    decoded = [urllib.parse.unquote(part) for part in parts]
    return "" if len(line) > _MOST_SHOWN or "<" in line or any(p in line for p in [*parts, *decoded]) else line


def _is_of_others(record: logging.LogRecord) -> bool:
    """Tell if a line of a log is of another request than a message's: httpx tells whole addresses at level INFO."""
    return record.threadName != _THREAD
