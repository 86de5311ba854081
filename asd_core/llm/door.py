"""The door through which everything comes in that a language model's server sends.

The SDK is given HTTP clients of these classes. Behind them it meets only whole answers of bounded length, in clean JSON
(`asd_core.llm.cleaning`) or in plain text, with the few headers that are read. A redirect is never followed: it would
be one more request than the limits know of, and would carry prompt and key to an address that no row names.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

import httpx

from asd_core.llm.cleaning import clean_text, read_json

MOST_BYTES = 1 << 20
"""Of an answer, before and after decompression; the longest reasoning is a fraction of it."""

MOST_FILE_BYTES = 200_000_000
"""Of a file of the Batch API."""

_FILE_SECONDS = 600.0  # that a file of the Batch API may take
_MOST_TEXT = 4000  # characters of an answer that is no JSON
_MOST_ADDRESS = 200  # characters
_KEPT_HEADERS = ("retry-after", "retry-after-ms", "x-request-id")
_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100)


class Unreadable(httpx.DecodingError):
    """An answer came and cannot be taken: it is too long, or packed in a way that was not asked for."""


class DoorClient(httpx.Client):
    """A client whose answers have come through the door. Proxies are those of the environment.

    Args:
        timeout_seconds: of a whole request, from connecting to the last byte; ten minutes for files.
    """

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(timeout=timeout_seconds, follow_redirects=False, limits=_LIMITS)
        self._timeout_seconds = timeout_seconds

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request once and take its answer.

        Raises:
            httpx.RequestError: nothing came, or it took too long.
            Unreadable: what came cannot be taken.
        """
        start = time.monotonic()
        response = super().send(_asking_for_plain(request), **(options | {"stream": True, "follow_redirects": False}))
        try:
            body = _Body(request, response)
            seconds = max(self._timeout_seconds, _FILE_SECONDS) if body.is_file else self._timeout_seconds
            for piece in response.iter_raw():
                if time.monotonic() > start + seconds:
                    raise httpx.ReadTimeout(f"the answer was not whole within {seconds:g} s", request=request)
                body.add(piece)
        finally:
            response.close()
        return body.taken()


class AsyncDoorClient(httpx.AsyncClient):
    """As `DoorClient`, in an event loop; its caller bounds the time of a whole request.

    Args:
        timeout_seconds: of each read.
    """

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__(timeout=timeout_seconds, follow_redirects=False, limits=_LIMITS)

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """See `DoorClient.send`."""
        options |= {"stream": True, "follow_redirects": False}
        response = await super().send(_asking_for_plain(request), **options)
        try:
            body = _Body(request, response)
            async for piece in response.aiter_raw():
                body.add(piece)
        finally:
            await response.aclose()
        return body.taken()


def _asking_for_plain(request: httpx.Request) -> httpx.Request:
    request.headers["accept-encoding"] = "identity"
    return request


class _Body:
    """The body of an answer, collected piece by piece within bounds."""

    def __init__(self, request: httpx.Request, response: httpx.Response) -> None:
        self._request, self._response = request, response
        self.is_file = response.is_success and request.url.path.endswith("/content")
        self._most = MOST_FILE_BYTES if self.is_file else MOST_BYTES
        self._data, self._came = bytearray(), 0
        self._unpack = self._unpacker(response.headers.get("content-encoding", "identity").strip().lower())

    def add(self, piece: bytes) -> None:
        """Take a piece as it came, packed or not."""
        self._came += len(piece)
        if self._unpack is not None:
            try:
                piece = self._unpack.decompress(piece, self._most + 1 - len(self._data))
            except zlib.error as error:
                raise self._unreadable(f"it cannot be unpacked ({error})") from error
        self._data += piece
        if max(len(self._data), self._came) > self._most:
            raise self._unreadable(f"it is longer than {self._most:,} bytes")

    def taken(self) -> httpx.Response:
        """The answer as everything behind the door sees it."""
        status = self._response.status_code
        headers = {name: self._response.headers[name] for name in _KEPT_HEADERS if name in self._response.headers}
        kind, data = "application/octet-stream", bytes(self._data)
        if 300 <= status < 400:
            kind, data = "application/json", _redirected(status, self._response.headers)
        elif not self.is_file:
            kind, data = _readable(data)
        return httpx.Response(status, headers=headers | {"content-type": kind}, content=data, request=self._request)

    def _unpacker(self, encoding: str) -> Any:
        match encoding:
            case "" | "identity":
                return None
            case "gzip" | "x-gzip":
                return zlib.decompressobj(zlib.MAX_WBITS | 16)
            case "deflate":
                return zlib.decompressobj()
        raise self._unreadable(f"it is packed as {clean_text(encoding)[:40]!r}, which was not asked for")

    def _unreadable(self, why: str) -> Unreadable:
        return Unreadable(f"the answer is not taken: {why}", request=self._request)


def _readable(data: bytes) -> tuple[str, bytes]:
    """Content type and bytes of a body: JSON made clean, or the beginning of a text."""
    try:
        return "application/json", json.dumps(read_json(data)).encode()
    except ValueError:
        text = clean_text(data[: 4 * _MOST_TEXT].decode(errors="replace"))[:_MOST_TEXT]
        return "text/plain; charset=utf-8", text.encode()


def _redirected(status: int, headers: Mapping[str, str]) -> bytes:
    """An error object in the place of a redirect's body."""
    address = clean_text(headers.get("location", "nowhere")).partition("?")[0][:_MOST_ADDRESS]
    told = (
        f"the server redirects to {address} (status {status}), which is not followed: "
        "if prompts may go there, give that server's address as --llm-base-url"
    )
    return json.dumps({"error": {"message": told, "code": "redirected"}}).encode()
