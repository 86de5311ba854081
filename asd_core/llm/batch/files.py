"""The files that the Batch API takes and gives: one JSON line per request."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from asd_core.llm.cleaning import read_json
from asd_core.llm.door import MOST_BYTES as MOST_BYTES_OF_LINE
from asd_core.llm.replies import NotAnswered, Outcome, Refused, member, one_line, read_completion, read_status
from asd_core.llm.settings import LlmSettings, Message

if TYPE_CHECKING:
    from openai.types import Batch

ENDPOINT = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""Of one file, as OpenAI limits it."""

_CUSTOM_ID = re.compile(rb'"custom_id"\s*:\s*"([0-9A-Za-z]+)"')
_HEAD = 1000  # bytes of a line that cannot be read, in which it may say whose it is


def request_line(request_id: str, model: str, messages: Sequence[Message], parameters: Mapping[str, Any]) -> bytes:
    """One request as a line of a file."""
    body = {"model": model, "messages": list(messages), **parameters}
    line = {"custom_id": request_id, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line).encode() + b"\n"


def chunks(
    lines: Iterable[tuple[str, bytes]], most_requests: int = MOST_REQUESTS, most_bytes: int = MOST_BYTES
) -> Iterator[dict[str, bytes]]:
    """Cut requests (id, line) into files of bounded size, in their order.

    Args:
        lines: of which none alone is larger than a file may be.
        most_requests: of one file.
        most_bytes: of one file.
    """
    chunk: dict[str, bytes] = {}
    size = 0
    for request_id, line in lines:
        if chunk and (len(chunk) >= most_requests or size + len(line) > most_bytes):
            yield chunk
            chunk, size = {}, 0
        chunk[request_id] = line
        size += len(line)
    if chunk:
        yield chunk


def read_results(
    data: bytes, settings: LlmSettings, sent: Mapping[str, Sequence[Message]]
) -> Iterator[tuple[str, Outcome, Mapping[str, Any]]]:
    """The outcome of each request, from a file of answers or of errors.

    Args:
        data: the file.
        settings: of the LLM.
        sent: request id → messages.

    Yields:
        Request id, outcome, and the ``error`` object of a request that was refused (else empty).
    """
    for line in io.BytesIO(data):  # a text's splitlines would cut within answers, at U+2028 and others
        try:
            if len(line) > MOST_BYTES_OF_LINE:
                raise ValueError(f"it is longer than {MOST_BYTES_OF_LINE:,} bytes")
            value = read_json(line)
        except ValueError as error:
            if (found := _CUSTOM_ID.search(line[:_HEAD])) is not None:
                told = one_line(f"the answer is not taken: {error}")
                yield found[1].decode(), NotAnswered("no_completion", told, may_cost=True), {}
            continue  # whoever it was of has no result then, as where the batch expired
        if isinstance(value, dict) and isinstance(request_id := value.get("custom_id"), str):
            yield request_id, *_read(value, settings, sent.get(request_id, ()))


def missing(batch: Batch) -> Outcome:
    """The outcome of requests that a batch is done with and does not mention."""
    if batch.status == "failed":
        listed = getattr(batch.errors, "data", None)  # the SDK checks nothing
        errors = [str(getattr(error, "message", None) or "") for error in listed] if isinstance(listed, list) else []
        return Refused(one_line(f"batch {batch.id} failed: {'; '.join(errors[:3])}"), all_alike=True)
    if batch.status == "cancelled":
        return Refused(f"batch {batch.id} was cancelled", all_alike=True)
    return NotAnswered("server_error", f"batch {batch.id} {batch.status} without an answer")


def _read(
    value: Mapping[str, Any], settings: LlmSettings, messages: Sequence[Message]
) -> tuple[Outcome, Mapping[str, Any]]:
    response = value.get("response")
    status, body = member(response, "status_code"), member(response, "body")
    if not isinstance(status, int):
        return NotAnswered("server_error", one_line(f"not answered: {response or value.get('error')}")), {}
    if status == 200:
        return read_completion(body, settings, messages), {}
    told = member(body, "error")
    error = told if isinstance(told, dict) else {}
    return read_status(status, {}, error, f"status {status}: {error.get('message', body)}", settings), error
