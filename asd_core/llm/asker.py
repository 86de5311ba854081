"""From a request to its answer: every attempt passes the limits, and is written down before it is made.

An attempt gives its place up only when its outcome is written down too. An answer is checked. If there is a complaint,
the LLM is told it once; an answer that is no better is kept with a warning, for it was paid for.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from asd_core.errors import AsdError
from asd_core.llm.client import LlmClient
from asd_core.llm.ledger import History, Ledger
from asd_core.llm.limits import Cost
from asd_core.llm.permission import AnyGate, Pass, TooLarge
from asd_core.llm.replies import Answered, NotAnswered, Outcome, Refused, one_line
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings
from asd_core.llm.stored import Attempt
from asd_core.llm.verdicts import Check, Refusals, conversation, cut_short, given_up, judged

_LATE = NotAnswered("late", "this process stood still for so long that its permission ended; nothing was sent")


class _NotKept(Exception):
    """The ledger cannot be read or written."""


class Asker:
    """Asks one LLM for one job.

    Args:
        job: its name, under which the ledger was opened and the job has begun at the gate.
        settings: what the job asks for, and how much it may spend.
        llm: whom it asks.
        ledger: of the store, opened.
        gate: of the LLM, shared by all who ask it.
        check: None where an answer is as asked for, else the complaint.
        rng: of the jitter in backing off.
        in_thread: runs what reads or writes files.
        heard: told the outcome of every attempt, and whether it was not the first at its request.

    Attributes:
        stopped: error reason and message that every further request gets without being sent.
        under_way: the tasks that have an attempt under way.
    """

    def __init__(
        self,
        job: str,
        settings: LlmSettings,
        llm: LlmClient,
        ledger: Ledger,
        gate: AnyGate,
        check: Check,
        *,
        rng: random.Random | None = None,
        in_thread: Callable[..., Awaitable[Any]] = asyncio.to_thread,
        heard: Callable[[Outcome, bool], None] = lambda outcome, is_repeat: None,
    ) -> None:
        self._job, self._settings, self._llm, self._ledger, self._gate = job, settings, llm, ledger, gate
        self._check, self._rng, self._in_thread, self._heard = check, rng or random.Random(), in_thread, heard
        self.stopped: tuple[str, str] | None = None
        self.under_way: set[asyncio.Task[Any] | None] = set()
        self._places = asyncio.Semaphore(settings.concurrency)
        self._refusals = Refusals()
        self._budget = settings.budget()
        self._settled = asyncio.Event()
        self._at_gate = 0
        self._alone_until = 0.0

    @property
    def is_held_up(self) -> bool:
        """True where requests wait for permission and nothing is under way."""
        return self._at_gate > 0 and not self.under_way

    def left_alone(self) -> float:
        """Seconds for which the server still wants to be left alone."""
        return self._alone_until - asyncio.get_running_loop().time()

    def stop(self, reason: str, message: str) -> None:
        """Send nothing more; attempts under way go on."""
        self.stopped = self.stopped or (reason, message)
        self._gate.turn_away(self._job)

    async def ask(self, request: CaptionRequest) -> CaptionAnswer:
        """The answer to a request: stored already, or asked for now.

        What goes wrong with one request, or with what the store has of it, is that request's error.

        Raises:
            AsdError: nobody gives permission any more.
        """
        try:
            return await self._stored(request.request_id) or await self._asked(request)
        except AsdError:
            raise
        except Exception as error:
            told = str(error) if isinstance(error, _NotKept) else f"it cannot be asked for: {error!r}"
            return CaptionAnswer(request.request_id, None, error_reason="llm_failed", error=one_line(told))
        finally:
            self._gate.release(self._job, request.request_id)

    async def _stored(self, request_id: str) -> CaptionAnswer | None:
        answer: CaptionAnswer | None = await self._in_ledger(self._ledger.answer, request_id)
        return answer

    async def _in_ledger(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return await self._in_thread(function, *arguments)
        except (AsdError, OSError) as error:
            raise _NotKept(str(error)) from error

    async def _keep(self, answer: CaptionAnswer) -> None:
        """Store an answer. It has been paid for: where it cannot be stored it is given out, and nothing more asked."""
        try:
            await self._in_ledger(self._ledger.store, answer)
        except _NotKept as error:
            self.stop("llm_unavailable", one_line(f"answers cannot be stored: {error}"))

    async def _asked(self, request: CaptionRequest) -> CaptionAnswer:
        history, answer = History(), None
        for number in range(self._settings.max_attempts):
            async with self._place(request.request_id):
                if number == 0:
                    if (answer := await self._stored(request.request_id)) is not None:
                        return answer
                    history = await self._in_ledger(self._ledger.history, request.request_id)
                    if (answer := cut_short(request.request_id, history, self._settings.max_output_tokens)) is not None:
                        break
                history, answer, may_repeat_now = await self._attempt(request, history)
            if answer is not None:
                return answer
            if not may_repeat_now:
                await self._back_off(number)
        answer = answer or given_up(request.request_id, history)
        if answer.text is not None:
            await self._keep(answer)
        return answer

    @asynccontextmanager
    async def _place(self, request_id: str) -> AsyncIterator[None]:
        """One of the places for attempts under way, as soon as no other job asks for the same."""
        while True:
            async with self._places:
                claim = "alone" if self.stopped else await self._gate.claim(self._job, request_id)
                if claim == "shared":
                    self._ledger.look_again(request_id)
                if claim != "taken":
                    yield
                    return
            await self._back_off(0)

    async def _back_off(self, number: int) -> None:
        """Pause after a failed attempt, which so many others failed before: up to 1 s at first, then twice as long.

        It is a minute at most. Where the limits' window is not a minute, pauses scale with it.
        """
        await asyncio.sleep(self._rng.uniform(0, self._gate.window * min(1.0, 2.0**number / 60)))

    async def _attempt(self, request: CaptionRequest, history: History) -> tuple[History, CaptionAnswer | None, bool]:
        """One attempt, if the budget has enough for it.

        Returns:
            All attempts with this one; the answer, where no other is to be made; True if another may be made at once.
        """
        messages = conversation(request, history)
        cost = self._settings.cost(*self._settings.reservation(messages))
        if not await self._set_aside(cost):
            return history, self._turned_away(request, history), False
        given, sent, spent = None, None, (0, 0.0)
        clock = asyncio.get_running_loop().time
        try:
            given = await self._entered(cost)
            if not isinstance(given, Pass):
                return history, self._turned_away(request, history, given), False
            spent = cost
            self.under_way.add(asyncio.current_task())
            most = self._settings.max_output_tokens
            history = history.begun(Attempt(given.at, self._job, most_output_tokens=most))
            await self._in_ledger(self._ledger.intend, request, self._settings.name, history)
            sent = clock()
            outcome = await self._llm.attempt(messages) if self._gate.holds(self._job) else _LATE
            outcome = self._refusals.heard(request.request_id, outcome)
            self._heard(outcome, len(history.attempts) > 1)
            spent = self._spent(outcome, cost)
            if isinstance(outcome, NotAnswered) and outcome.retry_after is not None:
                self._gate.close_for(self._job, outcome.retry_after)
                self._alone_until = max(self._alone_until, clock() + outcome.retry_after)
            if isinstance(outcome, Refused) and outcome.all_alike:
                self.stop("llm_unavailable", outcome.message)
            history, answer = judged(request.request_id, history, outcome, self._check)
            if answer is None or answer.is_asked_again:
                await self._in_ledger(self._ledger.intend, request, self._settings.name, history)
            else:
                await self._keep(answer)
            return history, answer, _may_repeat_now(outcome)
        finally:
            self.under_way.discard(asyncio.current_task())
            self._budget.settle(cost, spent)
            self._settled.set()
            if isinstance(given, Pass):
                self._gate.leave(self._job, given, spent[0], 0.0 if sent is None else clock() - sent)

    async def _entered(self, cost: Cost) -> Pass | TooLarge | None:
        self._at_gate += 1
        try:
            return await self._gate.enter(self._job, cost[0])
        finally:
            self._at_gate -= 1

    async def _set_aside(self, cost: Cost) -> bool:
        """Set the cost of an attempt aside, once it is clear that there is enough; False: `stopped` says why not."""
        while self.stopped is None:
            match self._budget.state(*cost):
                case "go":
                    self._budget.reserve(*cost)
                    return True
                case "stop":
                    self.stopped = ("budget", self._budget.exhausted(*cost))
                case "wait":
                    self._settled.clear()
                    await self._settled.wait()
        return False

    def _turned_away(self, request: CaptionRequest, history: History, given: TooLarge | None = None) -> CaptionAnswer:
        """The answer to a request that is not sent: it is too large, or the job has come to an end."""
        reason, told = self.stopped or ("llm_unavailable", "the job has ended")
        if given is not None:
            reason, told = "too_large", str(given)
        return history.answer(request.request_id, None, error_reason=reason, error=told)

    def _spent(self, outcome: Outcome, cost: Cost) -> Cost:
        """The cost of an attempt, as far as it is known; else what it may have cost."""
        if isinstance(outcome, Answered):
            return self._settings.cost(outcome.input_tokens, outcome.output_tokens)
        return cost if isinstance(outcome, NotAnswered) and outcome.may_cost else (0, 0.0)


def _may_repeat_now(outcome: Outcome) -> bool:
    """True where backing off is needless: the gate is closed already, or an answer is to be improved."""
    if isinstance(outcome, NotAnswered):
        return outcome.retry_after is not None or outcome.reason == "adapted"
    return isinstance(outcome, Answered) and bool(outcome.text)
