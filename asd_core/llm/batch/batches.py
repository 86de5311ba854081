"""The batches of one LLM in one store: each is created once, found again after a crash, and waited for.

Batches are listed before one is created, and each carries the token of its record: a run that was killed between
creating a batch and writing its number down finds it there, and never has the same requests worked on twice.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asd_core.errors import AsdError
from asd_core.llm.batch.client import BatchClient
from asd_core.llm.batch.records import BatchRecord, records_of, write_record
from asd_core.llm.settings import LlmSettings
from asd_core.store.files import Files

if TYPE_CHECKING:
    from openai.types import Batch

_SETTLING_SECONDS = 120.0  # in which a batch that was created may be missing from the list still
_POLL_SECONDS = 30.0  # between looks at a batch
_FIRST_LOOK_SECONDS = 1.0  # small ones may be done at once
_DONE = ("completed", "expired", "cancelled", "failed")


class Batches:
    """The batches that were created and not collected yet.

    Args:
        settings: which LLM.
        files: of the store.
        run_id: put down in the batches' metadata, for people.
        say: told how things stand.
        sleep: waits so many seconds.
        now: seconds since the epoch.

    Raises:
        UsageError: there is no key in the environment.
    """

    def __init__(
        self,
        settings: LlmSettings,
        files: Files,
        run_id: str = "",
        *,
        say: Callable[[str], None] = lambda line: None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._llm, self._url, self._run_id, self._say = settings.name, settings.url, run_id, say
        self._sleep, self._now = sleep, now
        self._client = BatchClient(settings, sleep)
        self._files = files

    def found_again(self) -> list[BatchRecord]:
        """The batches of earlier runs; records of batches that never were are removed.

        A batch whose number is known was paid for. It is kept though it is in no list, as where the key is another's.
        """
        ours = records_of(self._files, self._llm)
        by_token = self._client.with_tokens({record.token for record in ours})
        found = []
        for record in ours:
            batch = by_token.get(record.token) or self._looked_for(record)
            if batch is not None:
                found.append(write_record(self._files, replace(record, batch_id=batch.id)))
            elif record.batch_id is not None:
                found.append(record)
            else:
                self._files.delete(record.path)
        return found

    def create(self, lines: Mapping[str, bytes], parameters: Mapping[str, Any]) -> BatchRecord:
        """Have one file of requests worked on.

        Args:
            lines: request id → line of the file.
            parameters: that the requests are sent with, beside model and messages.

        Raises:
            AsdError: the server refuses, or does not say whether it took the batch.
        """
        record = BatchRecord(secrets.token_hex(16), self._llm, tuple(lines), self._now(), parameters=parameters)
        write_record(self._files, record)
        try:
            file_id = self._client.upload(b"".join(lines.values()))
            batch = self._client.create(file_id, record.token, self._run_id)
        except AsdError:  # refused, or never asked for
            self._files.delete(record.path)
            raise
        if batch is None and (batch := self._looked_for(record)) is None:
            record = write_record(self._files, replace(record, at=self._now()))
            batch = self._client.create(file_id, record.token, self._run_id) or self._looked_for(record)
        if batch is None:
            raise AsdError(f"{self._url} does not say whether it took a batch; the same command finds out later")
        record = write_record(self._files, replace(record, batch_id=batch.id))
        self._say(f"batch {batch.id}: {len(lines)} captions asked for")
        return record

    def done(self, records: Sequence[BatchRecord]) -> Iterator[tuple[BatchRecord, Batch | None]]:
        """Batches as they are done; None where the server does not know one (any more).

        The record of a batch that is done is removed when the next one is asked for.
        """
        waiting, pause = list(records), _FIRST_LOOK_SECONDS
        missed: dict[str, float] = {}  # token → when it was not known first
        while waiting:
            for record in list(waiting):
                batch = self._client.retrieve(record.batch_id or "")
                if batch is None:
                    if abs(self._now() - missed.setdefault(record.token, self._now())) >= _SETTLING_SECONDS:
                        waiting.remove(record)
                        self._say(self.unknown(record))
                        yield record, None
                elif batch.status in _DONE:
                    waiting.remove(record)
                    yield record, batch
                    self._files.delete(record.path)
                else:
                    self._say(f"batch {batch.id}: {_done_of(batch)}")
            if waiting:
                self._sleep(pause)
                pause = min(2 * pause, _POLL_SECONDS)

    def results(self, batch: Batch) -> Iterator[bytes]:
        """The files of a batch that is done: of answers, and of errors."""
        for file_id in (batch.output_file_id, batch.error_file_id):
            yield self._client.content(file_id if isinstance(file_id, str) else None)

    def unknown(self, record: BatchRecord) -> str:
        """Words for a batch that the server does not know, and the cure."""
        return (
            f"{self._url} does not know batch {record.batch_id} (any more): set the key of the project that made it; "
            f"if it is gone for good remove {self._files.address(record.path)}, and its captions are asked for again"
        )

    def close(self) -> None:
        """Give connections back; batches under way go on."""
        self._client.close()

    def _looked_for(self, record: BatchRecord) -> Batch | None:
        """A batch that is not in the list and has no number, waited for while it may still turn up."""
        # A moment later than now was written by a clock that is set back since: it counts as now.
        until = min(record.at, self._now()) + _SETTLING_SECONDS
        if record.batch_id is None and self._now() < until:
            self._say(f"waiting up to {_SETTLING_SECONDS:g} s for a batch that may have been made without a word of it")
        while record.batch_id is None and self._now() < until:
            self._sleep(_POLL_SECONDS)
            if (batch := self._client.with_tokens({record.token}).get(record.token)) is not None:
                return batch
        return None


def _done_of(batch: Batch) -> str:
    """How many requests of a batch are done; its status where the server does not say."""
    counts = [getattr(batch.request_counts, name, None) for name in ("completed", "failed", "total")]
    known = [count for count in counts if isinstance(count, int)]
    return f"{known[0] + known[1]} of {known[2]} done" if len(known) == len(counts) else str(batch.status)
