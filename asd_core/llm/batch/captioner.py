"""Captions by the Batch API: half the price or so, within a day.

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
from asd_core.llm.batch.files import MOST_BYTES, MOST_REQUESTS, chunks, missing, read_results, request_line
from asd_core.llm.batch.records import BatchRecord, BatchRecords
from asd_core.llm.client import Answered, NotAnswered, Outcome, first_parameters, one_line, other_parameters
from asd_core.llm.ledger import Attempt, History, Ledger
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings, Message
from asd_core.llm.verdicts import Check, Refusals, conversation, cut_short, given_up, judged
from asd_core.store.files import Files

if TYPE_CHECKING:
    from openai.types import Batch

_ROUNDS = 3  # batches that a request may be in, in one run: each may take a day
_SETTLING_SECONDS = 120.0  # in which a batch that was created may be missing from the list still
_FIRST_LOOK_SECONDS = 1.0
_DONE = ("completed", "expired", "cancelled", "failed")


class BatchCaptioner:
    """A `asd_core.captions.requests.Captioner` that has its requests worked on as batches.

    Limits per minute do not apply to batches; the budget does, by what requests are reckoned to cost.

    Args:
        settings: which LLM; prices as they are for batches.
        files: of the store.
        check: of an answer.
        run_id: put down in the batches' metadata, for people.
        say: told how things stand.
        poll_seconds: between looks at a batch; less at first, since small ones may be done at once.
        sleep: waits so many seconds.
        now: seconds since the epoch.
        most_requests: of one file.
        most_bytes: of one file.

    Raises:
        UsageError: there is no key in the environment.
    """

    def __init__(
        self,
        settings: LlmSettings,
        files: Files,
        check: Check,
        run_id: str = "",
        *,
        say: Callable[[str], None] = lambda line: None,
        poll_seconds: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
        most_requests: int = MOST_REQUESTS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._settings, self._check, self._run_id, self._say = settings, check, run_id, say
        self._poll_seconds, self._sleep, self._now = poll_seconds, sleep, now
        self._most_requests, self._most_bytes = most_requests, most_bytes
        self._client = BatchClient(settings, sleep)
        self._records = BatchRecords(files)
        self._ledger = Ledger(files, "batch")
        self._budget = settings.budget()
        self._refusals = Refusals()
        self._parameters = first_parameters(settings)
        self._pending: dict[str, CaptionRequest] = {}
        self._seen: set[str] = set()

    def submit(self, requests: Sequence[CaptionRequest]) -> None:
        """See `Captioner.submit`; nothing is sent before `answers` is asked."""
        for request in requests:
            if request.request_id not in self._seen:
                self._seen.add(request.request_id)
                self._pending[request.request_id] = request

    def answers(self) -> Iterator[CaptionAnswer]:
        """See `Captioner.answers`; takes up to a day for each round of batches."""
        if not self._pending:
            return
        self._ledger.open(self._settings.name, self._now())
        for request_id in list(self._pending):
            if (known := self._ledger.answer(request_id)) is not None:
                yield self._taken(known)
        under_way = self._found_again()
        for _ in range(_ROUNDS):
            yield from self._collected(under_way)
            yield from self._not_to_be_paid_for()
            if not self._pending:
                return
            under_way = [self._created(chunk) for chunk in self._chunks()]
        yield from self._collected(under_way)
        for request_id in list(self._pending):
            answer = given_up(request_id, self._ledger.history(request_id))
            if answer.text is not None:
                self._ledger.store(answer)
            yield self._taken(answer)

    def close(self) -> None:
        """See `Captioner.close`; batches under way go on, and the next run collects them."""
        self._client.close()

    def _taken(self, answer: CaptionAnswer) -> CaptionAnswer:
        del self._pending[answer.request_id]
        return answer

    def _found_again(self) -> list[BatchRecord]:
        """The batches of earlier runs that were not collected; records of batches that never were are removed.

        One whose number is known was paid for: it is kept though it be in no list, as where the key is another's.
        """
        ours = self._records.of(self._settings.name)
        by_token = self._client.with_tokens({record.token for record in ours})
        found = []
        for record in ours:
            batch = by_token.get(record.token) or self._looked_for(record)
            if batch is not None:
                found.append(self._records.write(replace(record, batch_id=batch.id)))
            elif record.batch_id is not None:
                found.append(record)
            else:
                self._records.remove(record)
        return found

    def _looked_for(self, record: BatchRecord) -> Batch | None:
        """A batch that is not in the list and has no number, waited for while it may still turn up."""
        while record.batch_id is None and self._now() < record.at + _SETTLING_SECONDS:
            self._sleep(self._poll_seconds)
            if (batch := self._client.with_tokens({record.token}).get(record.token)) is not None:
                return batch
        return None

    def _not_to_be_paid_for(self) -> Iterator[CaptionAnswer]:
        """Set aside what the pending requests are reckoned to cost, as far as the budget goes."""
        for request in list(self._pending.values()):
            history = self._ledger.history(request.request_id)
            if answer := cut_short(request.request_id, history, self._settings.max_output_tokens):
                yield self._taken(answer)
                continue
            told, said = self._settings.reservation(conversation(request, history))
            cost = told + said, self._settings.usd(told, said) or 0.0
            if self._budget.state(*cost) == "go":
                self._budget.reserve(*cost)
                continue
            error = self._budget.exhausted(*cost)
            yield self._taken(history.answer(request.request_id, None, error_reason="budget", error=error))

    def _chunks(self) -> Iterator[dict[str, bytes]]:
        lines = (
            (request_id, request_line(request_id, self._settings.model, messages, self._parameters))
            for request_id, messages in self._messages().items()
        )
        return chunks(lines, self._most_requests, self._most_bytes)

    def _messages(self) -> dict[str, list[Message]]:
        return {
            request_id: conversation(request, self._ledger.history(request_id))
            for request_id, request in self._pending.items()
        }

    def _created(self, chunk: dict[str, bytes]) -> BatchRecord:
        token, at, sent_with = secrets.token_hex(16), self._now(), self._parameters
        record = BatchRecord(token, self._settings.name, tuple(chunk), at, parameters=sent_with)
        self._records.write(record)
        try:
            file_id = self._client.upload(b"".join(chunk.values()))
            batch = self._client.create(file_id, record.token, self._run_id)
        except AsdError:  # refused, or never asked for
            self._records.remove(record)
            raise
        if batch is None and (batch := self._looked_for(record)) is None:
            record = self._records.write(replace(record, at=self._now()))
            batch = self._client.create(file_id, record.token, self._run_id) or self._looked_for(record)
        if batch is None:
            raise AsdError(
                f"{self._settings.url} does not say whether it took a batch; the same command finds out later"
            )
        record = self._records.write(replace(record, batch_id=batch.id))
        self._say(f"batch {batch.id}: {len(chunk)} captions asked for")
        return record

    def _collected(self, under_way: Sequence[BatchRecord]) -> Iterator[CaptionAnswer]:
        """The answers in batches, as they are done."""
        waiting, pause = list(under_way), min(_FIRST_LOOK_SECONDS, self._poll_seconds)
        missed: dict[str, float] = {}  # token → when it was not known first
        while waiting:
            for record in list(waiting):
                batch = self._client.retrieve(record.batch_id or "")
                if batch is None:
                    if self._now() >= missed.setdefault(record.token, self._now()) + _SETTLING_SECONDS:
                        waiting.remove(record)
                        yield from self._unknown(record)
                elif batch.status in _DONE:
                    waiting.remove(record)
                    yield from self._read(record, batch)
                    self._records.remove(record)
                elif (counts := batch.request_counts) is not None:
                    self._say(f"batch {batch.id}: {counts.completed + counts.failed} of {counts.total} done")
            if waiting:
                self._sleep(pause)
                pause = min(2 * pause, self._poll_seconds)

    def _unknown(self, record: BatchRecord) -> Iterator[CaptionAnswer]:
        """The requests of a batch that the server does not know: it was paid for, so they are not sent again."""
        told = (
            f"{self._settings.url} does not know batch {record.batch_id} (any more): set the key of the project that "
            f"made it; if it is gone for good remove {self._records.address(record)}, and its captions are asked for "
            "again"
        )
        self._say(told)
        for request_id in record.request_ids:
            if request_id in self._pending:
                history = self._ledger.history(request_id)
                yield self._taken(history.answer(request_id, None, error_reason="llm_unavailable", error=told))

    def _read(self, record: BatchRecord, batch: Batch) -> Iterator[CaptionAnswer]:
        outcomes: dict[str, Outcome] = {}
        sent = self._messages()
        for file_id in (batch.output_file_id, batch.error_file_id):
            for request_id, outcome, error in read_results(self._client.content(file_id), self._settings, sent):
                outcomes[request_id] = self._adapted(record, error) or outcome
        for request_id in sorted(outcomes, key=lambda each: not isinstance(outcomes[each], Answered)):
            self._refusals.heard(request_id, outcomes[request_id])  # the answers first, wherever they stand
        outcomes = {request_id: self._refusals.heard(request_id, outcomes[request_id]) for request_id in outcomes}
        of_others = missing(batch)
        for request_id in record.request_ids:
            answer = self._judged(request_id, outcomes.get(request_id, of_others), record)
            if answer is not None and request_id in self._pending:
                yield self._taken(answer)

    def _adapted(self, record: BatchRecord, error: Mapping[str, Any]) -> NotAnswered | None:
        """What came of a request that was refused for a parameter that it was sent with; None of any other."""
        if other_parameters(record.parameters or self._parameters, error) is None:
            return None
        self._parameters = other_parameters(self._parameters, error) or self._parameters
        return NotAnswered("adapted", one_line(str(error.get("message"))))

    def _judged(self, request_id: str, outcome: Outcome, record: BatchRecord) -> CaptionAnswer | None:
        """Write down what came of a request; its answer where no other attempt is to be made."""
        history: History = self._ledger.history(request_id)
        if any(attempt.incarnation == record.token for attempt in history.attempts):
            return None  # by a run that was killed while it collected
        request = self._pending.get(request_id)
        most = max(record.parameters.get(name, 0) for name in ("max_tokens", "max_completion_tokens"))
        attempt = Attempt(record.at, record.token, most_output_tokens=most)
        history, answer = judged(request_id, history.begun(attempt), outcome, self._check)
        if request is None and history.complained is not None:
            answer = given_up(request_id, history)  # nobody is there to ask again
        if answer is not None and not answer.is_asked_again:
            self._ledger.store(answer)
        elif request is not None:
            self._ledger.intend(request, self._settings.name, history)
        return answer
