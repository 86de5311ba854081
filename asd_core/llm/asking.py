"""From a request to its answer: every attempt passes the limits, and is written down before it is made.

Its place is given up only when what came of it is written down too. An answer is checked; one that is complained of is
sent back with the complaint once, and kept with a warning where that does not help: it was paid for.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from asd_core.captions.answers import check_answer
from asd_core.llm.client import Answered, Llm, NotAnswered, Outcome, Refused
from asd_core.llm.gate import Gate
from asd_core.llm.ledger import Attempt, History, Ledger
from asd_core.llm.limits import Cost
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings, Message
from asd_core.llm.verdicts import Refusals, conversation, cut_short, given_up, judged


class Account:
    """One job's dealings with an LLM.

    Args:
        job: its name.
        settings: what it asks for, and how much it may spend.
        llm: whom it asks.
        spent: of its budget already, by the same job at an actor that was killed.

    Attributes:
        stopped: error reason and message that every further request gets without being sent.
        under_way: the tasks that have an attempt under way, and what that may cost.
        refusals: so far.
    """

    def __init__(self, job: str, settings: LlmSettings, llm: Llm, spent: Cost = (0, 0.0)) -> None:
        self.job = job
        self.settings = settings
        self.llm = llm
        self.stopped: tuple[str, str] | None = None
        self.under_way: dict[asyncio.Task[Any] | None, Cost] = {}
        self.refusals = Refusals()
        self._budget = settings.budget(spent)
        self._settled = asyncio.Event()

    @property
    def spent(self) -> Cost:
        """So far, with what the attempts under way may cost."""
        costs = [self._budget.spent, *self.under_way.values()]
        return sum(tokens for tokens, _ in costs), sum(usd for _, usd in costs)

    def cost(self, input_tokens: int, output_tokens: int) -> Cost:
        """What so many tokens cost."""
        return input_tokens + output_tokens, self.settings.usd(input_tokens, output_tokens) or 0.0

    async def set_aside(self, cost: Cost) -> bool:
        """Set the cost of an attempt aside, once it is clear whether there is enough; False: `stopped` says why not."""
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

    def turned_away(self, request_id: str, history: History) -> CaptionAnswer:
        """The answer to a request that is not sent because the job has come to an end."""
        reason, told = self.stopped or ("llm_unavailable", "the job has ended")
        return history.answer(request_id, None, error_reason=reason, error=told)

    def settle(self, reserved: Cost, spent: Cost) -> None:
        """Replace what was set aside for an attempt by what it cost."""
        self._budget.settle(reserved, spent)
        self._settled.set()


class Asker:
    """Asks one LLM, for one store. The same request, from two jobs too, is one call.

    Args:
        ledger: of the store, opened.
        gate: of the LLM, shared by all who ask it.
        check: None where an answer is as asked for, else what is wrong with it.
        rng: of the jitter in backing off.
        in_thread: runs what reads or writes files.

    Attributes:
        outwaiting: what must be over before the ledger can be relied on, because a process that was killed may still
            write to it.
    """

    def __init__(
        self,
        ledger: Ledger,
        gate: Gate,
        *,
        check: Callable[[str], str | None] = check_answer,
        rng: random.Random | None = None,
        in_thread: Callable[..., Awaitable[Any]] = asyncio.to_thread,
    ) -> None:
        self.ledger = ledger
        self.gate = gate
        self._check = check
        self._rng = rng or random.Random()
        self._in_thread = in_thread
        self._asked: dict[str, asyncio.Future[CaptionAnswer]] = {}
        self.outwaiting: asyncio.Task[None] | None = None

    async def ask(self, requests: Sequence[CaptionRequest], account: Account) -> list[CaptionAnswer]:
        """One answer for each request, in their order."""
        return list(await asyncio.gather(*(self.ask_one(request, account) for request in requests)))

    async def ask_one(self, request: CaptionRequest, account: Account) -> CaptionAnswer:
        """The answer to a request: stored, under way for somebody else, or asked for now."""
        while (theirs := self._asked.get(request.request_id)) is not None:
            await asyncio.wait([theirs])
            if not theirs.cancelled() and theirs.result().error_reason not in ("budget", "llm_unavailable"):
                return theirs.result()  # else it is the other job that has come to an end
        ours: asyncio.Future[CaptionAnswer] = asyncio.get_running_loop().create_future()
        self._asked[request.request_id] = ours
        try:
            answer = await self._ask(request, account)
            ours.set_result(answer)
            return answer
        finally:
            ours.cancel()
            del self._asked[request.request_id]

    async def _ask(self, request: CaptionRequest, account: Account) -> CaptionAnswer:
        if self.outwaiting is not None:
            await asyncio.shield(self.outwaiting)
        known: CaptionAnswer | None = await self._in_thread(self.ledger.answer, request.request_id)
        if known is not None:
            return known
        history: History = await self._in_thread(self.ledger.history, request.request_id)
        answer = cut_short(request.request_id, history, account.settings.max_output_tokens)
        for number in range(account.settings.max_attempts if answer is None else 0):
            messages = conversation(request, history)
            cost = account.cost(*account.settings.reservation(messages))
            if (limit := self.gate.limits.tokens) is not None and cost[0] > limit:
                told = f"it takes about {cost[0]} tokens, and the limit is {limit} a minute: raise the limit"
                return history.answer(request.request_id, None, error_reason="too_large", error=told)
            if not await account.set_aside(cost):
                return account.turned_away(request.request_id, history)
            history, answer, may_repeat_now = await self._attempt(request, history, messages, cost, account)
            if answer is not None:
                return answer
            if not may_repeat_now:
                await asyncio.sleep(self._rng.uniform(0, backoff(number, self.gate.window)))
        answer = answer or given_up(request.request_id, history)
        if answer.text is not None:
            await self._in_thread(self.ledger.store, answer)
        return answer

    async def _attempt(
        self, request: CaptionRequest, history: History, messages: Sequence[Message], cost: Cost, account: Account
    ) -> tuple[History, CaptionAnswer | None, bool]:
        """One attempt, whose cost was set aside.

        Returns:
            All attempts with this one; the answer, where no other is to be made; whether another may be made at once.
        """
        llm, spent = account.settings.name, cost
        try:
            given = await self.gate.enter(account.job, cost[0])
        except BaseException:
            account.settle(cost, (0, 0.0))
            raise
        if given is None:
            account.settle(cost, (0, 0.0))
            return history, account.turned_away(request.request_id, history), False
        account.under_way[asyncio.current_task()] = cost
        try:
            most = account.settings.max_output_tokens
            history = history.begun(Attempt(given.at, self.ledger.incarnation, most_output_tokens=most))
            await self._in_thread(self.ledger.intend, request, llm, history)
            outcome = account.refusals.heard(request.request_id, await account.llm.attempt(messages))
            spent = _spent(outcome, cost, account)
            if isinstance(outcome, NotAnswered) and outcome.retry_after is not None:
                self.gate.close_until(self.gate.now + outcome.retry_after)
            if isinstance(outcome, Refused) and outcome.all_alike:
                account.stopped = ("llm_unavailable", outcome.message)
                self.gate.turn_away(account.job)
            history, answer = judged(request.request_id, history, outcome, self._check)
            if answer is None or answer.is_asked_again:
                await self._in_thread(self.ledger.intend, request, llm, history)
            else:
                await self._in_thread(self.ledger.store, answer)
            return history, answer, _may_repeat_now(outcome)
        finally:
            account.under_way.pop(asyncio.current_task(), None)
            account.settle(cost, spent)
            self.gate.leave(given, spent[0])


def backoff(number: int, window: float) -> float:
    """The longest pause after so many failed attempts, in seconds: 1 at first, then twice as long each time, to 60.

    Args:
        number: of attempts that failed before the last.
        window: of the limits, in seconds; where it is not a minute, pauses scale with it.
    """
    return window * min(1.0, 2.0**number / 60)


def _spent(outcome: Outcome, cost: Cost, account: Account) -> Cost:
    """What an attempt cost, or may have cost."""
    if isinstance(outcome, Answered):
        return account.cost(outcome.input_tokens, outcome.output_tokens)
    return cost if isinstance(outcome, NotAnswered) and outcome.may_cost else (0, 0.0)


def _may_repeat_now(outcome: Outcome) -> bool:
    """Whether nothing speaks for backing off: the gate is closed already, or an answer is to be improved."""
    if isinstance(outcome, NotAnswered):
        return outcome.retry_after is not None or outcome.reason == "adapted"
    return isinstance(outcome, Answered) and bool(outcome.text)
