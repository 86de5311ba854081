"""Captions by the Batch API: half the price or so, within a day."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from asd_core.errors import AsdError
from asd_core.llm.batch.batches import Batches
from asd_core.llm.batch.files import MOST_REQUESTS, chunks, missing, read_results, request_line
from asd_core.llm.batch.records import BatchRecord
from asd_core.llm.client import first_parameters, other_parameters
from asd_core.llm.ledger import Ledger
from asd_core.llm.replies import Answered, NotAnswered, Outcome, one_line
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings, Message
from asd_core.llm.stored import Attempt
from asd_core.llm.turn import Turn
from asd_core.llm.verdicts import Check, Refusals, conversation, cut_short, given_up, judged
from asd_core.store.files import Files

if TYPE_CHECKING:
    from openai.types import Batch

_ROUNDS = 3  # batches that a request may be in, in one run: each may take a day


class BatchCaptioner:
    """A `asd_core.llm.requests.Captioner` that has its requests worked on as batches.

    Limits per minute do not apply to batches. The budget does, by the tokens that requests are reckoned to cost.

    Args:
        settings: which LLM; prices as they are for batches.
        files: of the store.
        check: of an answer.
        batches: of the LLM in the store.
        most_requests: of one file.
        turn: waited for when it begins; its records and batches are one run's at a time.
        heard: see `asd_core.llm.asker.Asker`.
    """

    def __init__(
        self,
        settings: LlmSettings,
        files: Files,
        check: Check,
        batches: Batches,
        most_requests: int = MOST_REQUESTS,
        turn: Turn | None = None,
        heard: Callable[[Outcome, bool], None] = lambda outcome, is_repeat: None,
    ) -> None:
        self._turn, self._has_begun, self._heard = turn, False, heard
        self._settings, self._check, self._batches = settings, check, batches
        self._most_requests = most_requests
        self._ledger = Ledger(files, "batch")
        self._budget = settings.budget()
        self._refusals = Refusals()
        self._parameters = first_parameters(settings)
        self._pending: dict[str, CaptionRequest] = {}
        self._seen: set[str] = set()

    def begin(self) -> None:
        """See `Captioner.begin`."""
        if self._turn is not None and not self._has_begun:
            self._turn.take()
        self._has_begun = True

    def submit(self, requests: Sequence[CaptionRequest]) -> None:
        """See `Captioner.submit`; nothing is sent before `answers` is asked."""
        fresh = {each.request_id: each for each in requests if each.request_id not in self._seen}
        self._seen |= fresh.keys()
        self._pending |= fresh

    def answers(self) -> Iterator[CaptionAnswer]:
        """See `Captioner.answers`; takes up to a day for each round of batches."""
        if not self._pending:
            return
        self._ledger.open(self._settings.name, time.time())
        for request_id in list(self._pending):
            if (known := self._stored(request_id)) is not None:
                yield self._taken(known)
        under_way = self._batches.found_again()
        for _ in range(_ROUNDS):
            yield from self._collected(under_way)
            yield from self._not_to_be_paid_for()
            if not self._pending:
                return
            under_way = [self._batches.create(chunk, self._parameters) for chunk in self._chunks()]
        yield from self._collected(under_way)
        for request_id in list(self._pending):
            answer = given_up(request_id, self._ledger.history(request_id))
            if answer.text is not None:
                self._ledger.store(answer)
            yield self._taken(answer)

    def close(self) -> None:
        """See `Captioner.close`; batches under way go on, and the next run collects them."""
        self._batches.close()
        if self._turn is not None:
            self._turn.give_back()

    def _stored(self, request_id: str) -> CaptionAnswer | None:
        """The stored answer to a request, or its error where what is stored of it is broken."""
        try:
            self._ledger.history(request_id)
            return self._ledger.answer(request_id)
        except AsdError as error:
            return CaptionAnswer(request_id, None, error_reason="llm_failed", error=one_line(str(error)))

    def _taken(self, answer: CaptionAnswer) -> CaptionAnswer:
        del self._pending[answer.request_id]
        return answer

    def _not_to_be_paid_for(self) -> Iterator[CaptionAnswer]:
        """Set aside what the pending requests are reckoned to cost, as far as the budget goes."""
        for request in list(self._pending.values()):
            history = self._ledger.history(request.request_id)
            if answer := cut_short(request.request_id, history, self._settings.max_output_tokens):
                yield self._taken(answer)
                continue
            cost = self._settings.cost(*self._settings.reservation(conversation(request, history)))
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
        return chunks(lines, self._most_requests)

    def _messages(self) -> dict[str, list[Message]]:
        return {
            request_id: conversation(request, self._ledger.history(request_id))
            for request_id, request in self._pending.items()
        }

    def _collected(self, under_way: Sequence[BatchRecord]) -> Iterator[CaptionAnswer]:
        """The answers in batches, as they are done."""
        for record, batch in self._batches.done(under_way):
            yield from self._unknown(record) if batch is None else self._read(record, batch)

    def _unknown(self, record: BatchRecord) -> Iterator[CaptionAnswer]:
        """The requests of a batch that the server does not know: it was paid for, so they are not sent again."""
        told = self._batches.unknown(record)
        for request_id in record.request_ids:
            if request_id in self._pending:
                history = self._ledger.history(request_id)
                yield self._taken(history.answer(request_id, None, error_reason="llm_unavailable", error=told))

    def _read(self, record: BatchRecord, batch: Batch) -> Iterator[CaptionAnswer]:
        outcomes: dict[str, Outcome] = {}
        sent = self._messages()
        for data in self._batches.results(batch):
            for request_id, outcome, error in read_results(data, self._settings, sent):
                outcomes[request_id] = self._adapted(record, error) or outcome
        for request_id in sorted(outcomes, key=lambda each: not isinstance(outcomes[each], Answered)):
            self._refusals.heard(request_id, outcomes[request_id])  # the answers first, wherever they stand
        outcomes = {request_id: self._refusals.heard(request_id, outcomes[request_id]) for request_id in outcomes}
        of_others = missing(batch)
        for request_id in record.request_ids:
            answer = None
            with suppress(AsdError):  # what is stored of it is broken, which was told where it was asked for
                answer = self._judged(request_id, outcomes.get(request_id, of_others), record)
            if answer is not None and request_id in self._pending:
                yield self._taken(answer)

    def _adapted(self, record: BatchRecord, error: Mapping[str, Any]) -> NotAnswered | None:
        """The outcome of a request that was refused for a parameter that it was sent with; None of any other."""
        if other_parameters(record.parameters or self._parameters, error) is None:
            return None
        self._parameters = other_parameters(self._parameters, error) or self._parameters
        return NotAnswered("adapted", one_line(str(error.get("message"))))

    def _judged(self, request_id: str, outcome: Outcome, record: BatchRecord) -> CaptionAnswer | None:
        """Write a request's outcome down; returns its answer where no other attempt is to be made."""
        history = self._ledger.history(request_id)
        if any(attempt.incarnation == record.token for attempt in history.attempts):
            return None  # by a run that was killed while it collected
        self._heard(outcome, bool(history.attempts))
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
