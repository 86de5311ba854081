"""Asking an LLM in the background, from this process, under limits that it may share with others."""

from __future__ import annotations

import asyncio
import math
import queue
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

from asd_core.errors import AsdError
from asd_core.llm.asker import Asker
from asd_core.llm.client import LlmClient
from asd_core.llm.gate import Gate, longest_way
from asd_core.llm.ledger import Ledger
from asd_core.llm.permission import AnyGate, Moment
from asd_core.llm.replies import Outcome
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings
from asd_core.llm.stored import Attempt
from asd_core.llm.turn import Turn
from asd_core.llm.verdicts import Check
from asd_core.store.addresses import open_files

T = TypeVar("T")

_GRACE_SECONDS = 5.0  # for attempts under way when the job ends
_LOOKS = 3  # for whoever is at work in the same store; more is no dying process but another that lives


class LlmCaptioner:
    """A `asd_core.llm.requests.Captioner` in an event loop of its own, in a thread of this process.

    Args:
        settings: which LLM, under which limits.
        store_url: where intents and answers are kept.
        check: of an answer.
        open_gate: makes the gate, in the event loop; without more said a gate of this process's own.
        open_llm: whom to ask under some settings.
        say: told, from any thread, what keeps answers waiting.
        silent_seconds: that nothing may be asked for before it is said why.
        turn: waited for when it begins. Without one it begins now: the gate is all that it shares.
        heard: see `asd_core.llm.asker.Asker`.

    Attributes:
        job: its name at the gate and in the ledger.

    Raises:
        UsageError: there is no key in the environment.
        AsdError: the store cannot be read, or the gate cannot be had.
    """

    def __init__(
        self,
        settings: LlmSettings,
        store_url: str,
        check: Check,
        *,
        open_gate: Callable[[], AnyGate] = Gate,
        open_llm: Callable[[LlmSettings], LlmClient] = LlmClient,
        say: Callable[[str], None] = lambda line: None,
        silent_seconds: float = 10.0,
        turn: Turn | None = None,
        heard: Callable[[Outcome, bool], None] = lambda outcome, is_repeat: None,
    ) -> None:
        self._settings, self._say, self._silent_seconds, self._heard = settings, say, silent_seconds, heard
        self.job = secrets.token_hex(6)
        self._llm, self._ledger = open_llm(settings), Ledger(open_files(store_url), self.job)
        self._came: queue.SimpleQueue[CaptionAnswer | Exception] = queue.SimpleQueue()
        self._submitted: set[str] = set()
        self._taken = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._outwaiting: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="captions", daemon=True)
        self._thread.start()
        self._turn, self._beginning = turn, threading.Lock()
        self._opening = partial(self._begin, check, open_gate)
        self._is_open = self._is_closed = False
        if turn is None:
            try:
                self.begin()
            finally:
                if not self._is_open:
                    self.close()

    def begin(self) -> None:
        """See `Captioner.begin`."""
        with self._beginning:
            if not self._is_open and not self._is_closed:
                if self._turn is not None:
                    self._turn.take()
                self._run(self._opening())
                self._is_open = True

    def submit(self, requests: Sequence[CaptionRequest]) -> None:
        """See `Captioner.submit`."""
        self.begin()
        fresh = {each.request_id: each for each in requests if each.request_id not in self._submitted}
        self._submitted |= fresh.keys()
        self._loop.call_soon_threadsafe(self._start, list(fresh.values()))

    def answers(self) -> Iterator[CaptionAnswer]:
        """See `Captioner.answers`."""
        while self._taken < len(self._submitted):
            came = self._came.get()
            if isinstance(came, Exception):
                raise came
            self._taken += 1
            yield came

    def close(self) -> None:
        """See `Captioner.close`."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._is_open:
                self._run(self._end())
        finally:
            self._stop()
            if self._turn is not None:
                self._turn.give_back()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self, check: Check, open_gate: Callable[[], AnyGate]) -> None:
        """Begin at the gate, then read the ledger: what other jobs answer from then on is known to the gate."""
        self._gate = open_gate()
        name, since = self._settings.name, time.time() - self._gate.window
        left, newest = await self._left(since)
        await self._gate.begin(self.job, name, self._settings.limits, left)
        try:
            attempts = await self._attempts_of_strangers(since)
        except BaseException:
            await self._gate.end(self.job)
            raise
        self._asker = Asker(self.job, self._settings, self._llm, self._ledger, self._gate, check, heard=self._heard)
        told = {at for at, _ in left}
        if untold := [attempt.at for attempt in attempts if attempt.at not in told]:
            # Their process died before it could tell what else it let through: intents go when rows are published.
            self._say(f"a run was cut off: nothing is asked for {self._gate.window:g} s after its last request")
            newest = max(newest, *untold)
        if newest > -math.inf:
            self._outwaiting = self._loop.create_task(self._outwait(newest))
            self._tasks.add(self._outwaiting)
        self._watching = self._loop.create_task(self._watch())

    async def _left(self, since: float) -> tuple[list[Moment], float]:
        """Attempts that the last run wrote down, and the newest moment of which it is not known what went then."""
        try:
            return await asyncio.to_thread(self._ledger.left, self._settings.name, since), -math.inf
        except AsdError as error:
            self._say(f"nothing is asked for {self._gate.window:g} s, for the last minute is not known: {error}")
            return [], time.time()

    async def _watch(self) -> None:
        """Say why nothing is asked, and for how long, where that is long; of the limits once, for they always hold."""
        limits = f"the limit of {self._settings.requests_per_minute} requests a minute is used up"
        told: set[str] = set()
        while limits not in told:
            await asyncio.sleep(self._silent_seconds)
            alone = self._asker.left_alone()
            seconds = await self._gate.pause(self.job) if self._asker.is_held_up else 0.0
            if self._silent_seconds < seconds < math.inf:
                why = "it asked to be left alone" if alone > 0 else limits
                self._say(f"captions wait: nothing is asked for another {seconds:.0f} s, for {why}")
                told.add(why)
                await asyncio.sleep(seconds)

    async def _attempts_of_strangers(self, since: float) -> list[Attempt]:
        """Attempts in the ledger, after a moment, of which the gate does not know."""
        attempts = await asyncio.to_thread(self._ledger.open, self._settings.name, since)
        strangers = await self._gate.strangers(self.job, {attempt.incarnation for attempt in attempts})
        return [attempt for attempt in attempts if attempt.incarnation in strangers]

    async def _outwait(self, newest: float) -> None:
        """Stay closed for one window after the newest attempt of a process that died has reached the server.

        It may be dying still, or stand still. What it writes down meanwhile is found by looking again.
        """
        for _ in range(_LOOKS):
            now = time.time()
            seconds = min(newest, now) + longest_way(self._gate.window) + self._gate.window - now
            self._gate.close_for(self.job, seconds)
            await asyncio.sleep(seconds)
            later = await self._attempts_of_strangers(newest)
            if not later:
                break
            newest = max(attempt.at for attempt in later)

    def _start(self, requests: Sequence[CaptionRequest]) -> None:
        self._tasks |= {self._loop.create_task(self._answer(request)) for request in requests}

    async def _answer(self, request: CaptionRequest) -> None:
        try:
            if self._outwaiting is not None:
                await asyncio.shield(self._outwaiting)
            self._came.put(await self._asker.ask(request))
        except Exception as error:  # raised where answers are waited for
            self._came.put(error)

    async def _end(self) -> None:
        """End the job: what still waits is not asked; attempts under way get a few seconds."""
        self._watching.cancel()
        self._asker.stop("llm_unavailable", "the job has ended")
        under_way = self._tasks & self._asker.under_way
        for task in self._tasks - under_way:
            task.cancel()
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=_GRACE_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.gather(self._watching, *self._tasks, return_exceptions=True)
        recent = await self._gate.end(self.job)
        await self._llm.close()
        if recent:
            await asyncio.to_thread(self._ledger.leave, self._settings.name, recent)
