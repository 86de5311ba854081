"""The files that the Batch API takes and gives: one JSON line per request."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from asd_core.llm.replies import NotAnswered, Outcome, Refused, member, one_line, read_completion, read_status
from asd_core.llm.settings import LlmSettings, Message

if TYPE_CHECKING:
    from openai.types import Batch

ENDPOINT = "/v1/chat/completions"
MOST_REQUESTS = 50_000
MOST_BYTES = 200_000_000
"""Of one file, as OpenAI limits it."""


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
    for line in data.split(b"\n"):  # a text's splitlines would cut within answers, at U+2028 and others
        try:
            value = json.loads(line.decode(errors="replace"))
            request_id = value["custom_id"]
        except (ValueError, KeyError, TypeError):
            continue  # whoever it was of has no result then, as where the batch expired
        if isinstance(request_id, str):
            yield request_id, *_read(value, settings, sent.get(request_id, ()))


def missing(batch: Batch) -> Outcome:
    """The outcome of requests that a batch is done with and does not mention."""
    if batch.status == "failed":
        errors = [error.message or "" for error in (batch.errors.data or [])] if batch.errors else []
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
