"""Calls to the Batch API, tried again where that can do no harm."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from asd_core.errors import AsdError
from asd_core.llm.batch.files import ENDPOINT
from asd_core.llm.door import DoorClient
from asd_core.llm.replies import one_line, retry_after
from asd_core.llm.settings import LlmSettings, api_key

if TYPE_CHECKING:
    from openai.types import Batch

T = TypeVar("T")

TOKEN = "asd_chunk"
RUN = "asd_run"
"""Keys of a batch's metadata."""

_TRIES = 6
_LONGEST_PAUSE = 60.0  # seconds
_WITHOUT = (404, 405, 501)  # how servers without the Batch API answer


class BatchClient:
    """The Batch API of one LLM.

    Args:
        settings: which LLM.
        sleep: waits so many seconds.

    Raises:
        UsageError: there is no key in the environment.
    """

    def __init__(self, settings: LlmSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        from openai import OpenAI

        self._settings = settings
        self._sleep = sleep
        self._client = OpenAI(
            api_key=api_key(),
            base_url=settings.url,
            max_retries=0,
            timeout=settings.timeout_seconds,
            http_client=cast(Any, DoorClient(settings.timeout_seconds)),  # the SDK's own library is another
        )

    def listed(self) -> Iterator[Batch]:
        """The account's batches, newest first, a page at a time.

        Raises:
            AsdError: the server has no Batch API, or does not answer.
        """
        page = self._patiently(lambda: self._client.batches.list(limit=100), is_first=True)
        while True:
            if not isinstance(batches := getattr(page, "data", None), list):
                raise self._without("something else than a list")
            yield from batches
            if not page.has_next_page():
                return
            page = self._patiently(page.get_next_page)

    def with_tokens(self, tokens: set[str]) -> dict[str, Batch]:
        """Token → batch, of those there are; a server without batches is told apart here, wanted or not."""
        found: dict[str, Batch] = {}
        for batch in self.listed():
            metadata = getattr(batch, "metadata", None)
            token = metadata.get(TOKEN) if isinstance(metadata, dict) and _is_batch(batch) else None
            if isinstance(token, str) and token in tokens:
                found[token] = batch
            if len(found) == len(tokens):
                break
        return found

    def upload(self, data: bytes) -> str:
        """Send a file of requests; its id. Sent twice it is there twice, and costs nothing.

        Raises:
            AsdError: it is refused, or the answer is none.
        """
        file = self._patiently(
            lambda: self._client.files.create(file=("captions.jsonl", io.BytesIO(data)), purpose="batch")
        )
        if not isinstance(file_id := getattr(file, "id", None), str):
            raise self._without("something else than a file")
        return file_id

    def create(self, file_id: str, token: str, run_id: str) -> Batch | None:
        """Have a file of requests worked on, once; None where the server does not say if it will."""
        import openai

        try:
            batch = self._client.batches.create(
                input_file_id=file_id,
                endpoint=ENDPOINT,  # type: ignore[arg-type]
                completion_window="24h",
                metadata={TOKEN: token, RUN: run_id},
            )
            return batch if _is_batch(batch) else None
        except openai.APIStatusError as error:
            if error.status_code < 500 and error.status_code not in (408, 409, 429):
                raise self._refused(error) from error
        except (openai.APIConnectionError, ValueError):
            pass
        return None

    def retrieve(self, batch_id: str) -> Batch | None:
        """A batch as it stands now; None where the server does not know it."""
        import openai

        try:
            batch = self._patiently(lambda: self._client.batches.retrieve(batch_id))
        except AsdError as error:
            if isinstance(error.__cause__, openai.NotFoundError):
                return None
            raise
        if not _is_batch(batch):
            raise self._without("something else than a batch")
        return batch

    def content(self, file_id: str | None) -> bytes:
        """The bytes of a file; none where there is no file."""
        return self._patiently(lambda: self._client.files.content(file_id).content) if file_id else b""

    def close(self) -> None:
        """Give connections back."""
        self._client.close()

    def _patiently(self, call: Callable[[], T], *, is_first: bool = False) -> T:
        """Call, and again after faults that may pass."""
        import openai

        last: Exception | None = None
        for number in range(_TRIES):
            seconds: float | None = None
            try:
                return call()
            except openai.APIStatusError as error:
                if is_first and error.status_code in _WITHOUT:
                    raise self._without(str(error.status_code)) from error
                if error.status_code not in (408, 409, 429) and error.status_code < 500:
                    raise self._refused(error) from error
                seconds, last = retry_after(error.response.headers, time.time()), error
            except openai.APIConnectionError as error:
                last = error
            except ValueError as error:  # a body that says it is JSON and is not
                raise self._without("something else than JSON") from error
            self._sleep(min(_LONGEST_PAUSE, 2.0**number) if seconds is None else min(seconds, 10 * _LONGEST_PAUSE))
        raise AsdError(f"{self._settings.url}: {one_line(str(last))}; the same command goes on later") from last

    def _without(self, answer: str) -> AsdError:
        return AsdError(
            f"{self._settings.url} has no Batch API (it answered {answer}): "
            "leave --batch-api out, or see to the address"
        )

    def _refused(self, error: Exception) -> AsdError:
        return AsdError(f"{self._settings.url} refuses: {one_line(str(error))}")


def _is_batch(value: object) -> bool:
    """The SDK checks nothing."""
    return isinstance(getattr(value, "id", None), str) and isinstance(getattr(value, "status", None), str)
