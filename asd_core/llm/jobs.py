"""All that one process asks of LLMs: a gate for each LLM, a ledger for each store, and jobs that come and go."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from asd_core.llm.asking import Account, Asker
from asd_core.llm.client import Llm, LlmClient
from asd_core.llm.gate import Gate
from asd_core.llm.ledger import Attempt, Ledger
from asd_core.llm.limits import WINDOW_SECONDS, Cost
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings
from asd_core.store.addresses import open_files

_GRACE_SECONDS = 5.0  # for attempts under way when their job ends
_LOOKS = 3  # for whoever is at work in the same store; more is no dying process but another that lives
_SAME_SECONDS = 1e-3  # two records of one moment may differ by less, from rounding


@dataclass
class _Job:
    account: Account
    asker: Asker
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class Desk:
    """Takes requests of jobs, in the event loop that it is used in.

    Args:
        window: of the limits, in seconds; a minute but for tests.
        is_reborn: whether an earlier process of the same standing was killed: what it let through in its last minute
            nobody knows, so nothing is let through for one.
        open_llm: whom to ask under some settings.
    """

    def __init__(
        self,
        window: float = WINDOW_SECONDS,
        *,
        is_reborn: bool = False,
        open_llm: Callable[[LlmSettings], Llm] = LlmClient,
    ) -> None:
        self._window = window
        self._opens = time.time() + window if is_reborn else None
        self._open_llm = open_llm
        self._incarnation = secrets.token_hex(4)
        self._gates: dict[str, Gate] = {}
        self._askers: dict[tuple[str, str], Asker] = {}
        self._restored: set[tuple[str, str]] = set()
        self._jobs: dict[str, _Job] = {}

    @property
    def jobs(self) -> list[str]:
        """Those that have begun and not ended."""
        return list(self._jobs)

    def is_idle(self, job: str) -> bool:
        """Whether all that a job submitted is answered."""
        return not self._jobs[job].tasks

    def spent(self, job: str) -> Cost:
        """What a job has spent, with what its attempts under way may cost."""
        return self._jobs[job].account.spent

    async def begin(self, job: str, settings: LlmSettings, store_url: str, spent: Cost = (0, 0.0)) -> None:
        """A job begins.

        Args:
            job: its name, which no other has.
            settings: which LLM, under which limits.
            store_url: where its intents and answers are kept.
            spent: of its budget already, where it has begun before.

        Raises:
            UsageError: there is no key in this process's environment.
        """
        account = Account(job, settings, self._open_llm(settings), spent)
        asker = self._asker(settings.name, store_url)
        since = asker.gate.now - self._window
        attempts: list[Attempt] = await asyncio.to_thread(asker.ledger.open, settings.name, since)
        left: list[tuple[float, int]] = await asyncio.to_thread(asker.ledger.left, settings.name, since)
        asker.gate.admit(job, settings.limits)
        if (store_url, settings.name) not in self._restored:
            self._restored.add((store_url, settings.name))
            asker.gate.restore(left)
        newest = max((attempt.at for attempt in attempts), default=since)
        self._jobs[job] = _Job(account, asker)
        if newest > max((at for at, _ in left), default=since) + _SAME_SECONDS:
            # Its process died before it could tell what else it let through: intents go when rows are published.
            asker.outwaiting = asyncio.get_running_loop().create_task(self._outwait(asker, settings.name, newest))

    def submit(
        self, job: str, requests: Sequence[CaptionRequest], put: Callable[[CaptionAnswer | Exception], None]
    ) -> None:
        """Have requests answered.

        Args:
            job: whose they are.
            requests: in any number.
            put: told each answer as it comes, or what keeps a request from one: a store that cannot be written.
        """
        state = self._jobs[job]

        async def answer(request: CaptionRequest) -> None:
            try:
                put(await state.asker.ask_one(request, state.account))
            except Exception as error:
                put(error)

        for request in requests:
            task = asyncio.get_running_loop().create_task(answer(request))
            state.tasks.add(task)
            task.add_done_callback(state.tasks.discard)

    async def end(self, job: str) -> None:
        """A job ends: what it still waits for is not asked; attempts under way get a few seconds."""
        state = self._jobs.pop(job)
        state.account.stopped = state.account.stopped or ("llm_unavailable", "the job has ended")
        under_way = {task for task in state.tasks if task in state.account.under_way}
        for task in state.tasks - under_way:
            task.cancel()
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        gate, settings = state.asker.gate, state.account.settings
        gate.dismiss(job)
        await state.account.llm.close()
        if recent := gate.recent():
            await asyncio.to_thread(state.asker.ledger.leave, settings.name, recent)
        if not self._jobs and state.asker.outwaiting is not None:
            state.asker.outwaiting.cancel()
            await asyncio.gather(state.asker.outwaiting, return_exceptions=True)
            state.asker.outwaiting = None

    async def _outwait(self, asker: Asker, llm: str, newest: float) -> None:
        """Stay closed for one window after the newest attempt of a process that died.

        It may be dying still: the actor of a driver that was killed goes on for some seconds. What it writes down
        meanwhile is found by looking again.
        """
        for _ in range(_LOOKS):
            opens = min(newest, asker.gate.now) + self._window
            asker.gate.close_until(opens)
            await asyncio.sleep(opens - asker.gate.now)
            later: list[Attempt] = await asyncio.to_thread(asker.ledger.open, llm, newest)
            if not later:
                break
            newest = max(attempt.at for attempt in later)

    def _asker(self, llm: str, store_url: str) -> Asker:
        if llm not in self._gates:
            self._gates[llm] = Gate(self._window)
            if self._opens is not None:
                self._gates[llm].close_until(self._opens)
        if (store_url, llm) not in self._askers:
            ledger = Ledger(open_files(store_url), self._incarnation)
            self._askers[store_url, llm] = Asker(ledger, self._gates[llm])
        return self._askers[store_url, llm]
