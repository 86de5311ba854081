"""The one place that every attempt at an LLM passes: the limits of `asd_core.captions.limits`, waited for.

Jobs take turns, so that a night's captions do not queue behind a backfill's thousands.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from asd_core.llm.limits import WINDOW_SECONDS, Dispatch, Limits, RateLimiter, lowest


@dataclass(frozen=True)
class Pass:
    """Leave to make one attempt.

    Attributes:
        entry: in the limiter's log.
        at: when it was given, in seconds since the epoch.
    """

    entry: Dispatch
    at: float


class Gate:
    """Lets attempts at one LLM through, in the event loop that it was made in.

    Args:
        window: in seconds; a minute but for tests.
        wall: seconds since the epoch, read once: differences between passes are those of the loop's own clock.
    """

    def __init__(self, window: float = WINDOW_SECONDS, wall: Callable[[], float] = time.time) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = wall() - self._loop.time()
        self.window = window
        self._limits: dict[str, Limits] = {}
        self._limiter = RateLimiter(Limits(1, None, 1), window)
        self._waiting: dict[str, deque[tuple[int, asyncio.Future[Pass | None]]]] = {}
        self._changed = asyncio.Event()
        self._under_way = 0
        self._pump: asyncio.Task[None] | None = None

    @property
    def limits(self) -> Limits:
        """What holds now."""
        return self._limiter.limits

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self._epoch + self._loop.time()

    def admit(self, job: str, limits: Limits) -> None:
        """A job begins: from here on the lowest of all jobs' limits hold."""
        self._limits[job] = limits
        self._change()

    def dismiss(self, job: str) -> None:
        """A job ends, and its limits hold no longer; the last one's stay until another begins."""
        del self._limits[job]
        self._change()

    def close_until(self, moment: float) -> None:
        """Let nothing through before a moment, in seconds since the epoch; those under way go on."""
        self._limiter.close_until(moment - self._epoch)
        self._changed.set()

    def restore(self, entries: Iterable[tuple[float, int]]) -> None:
        """Count attempts of an earlier process: (seconds since the epoch, tokens)."""
        self._limiter.restore([Dispatch(at - self._epoch, tokens) for at, tokens in entries])

    def recent(self) -> list[tuple[float, int]]:
        """The attempts of the last window: (seconds since the epoch, tokens)."""
        return [(entry.at + self._epoch, entry.tokens) for entry in self._limiter.recent(self._loop.time())]

    async def enter(self, job: str, tokens: int) -> Pass | None:
        """Wait for leave to make one attempt; `leave` gives it back. None where the job is turned away.

        Args:
            job: whose it is.
            tokens: that it may cost; at most the limit.
        """
        future: asyncio.Future[Pass | None] = self._loop.create_future()
        self._waiting.setdefault(job, deque()).append((tokens, future))
        self._changed.set()
        if self._pump is None or self._pump.done():
            self._pump = self._loop.create_task(self._let_through())
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and (given := future.result()) is not None:
                self.leave(given, 0)
            self._changed.set()
            raise

    def turn_away(self, job: str) -> None:
        """Let nobody wait any longer who waits for a job now."""
        for _, future in self._waiting.get(job, ()):
            if not future.done():
                future.set_result(None)
        self._changed.set()

    def leave(self, given: Pass, tokens: int) -> None:
        """An attempt is over.

        Args:
            given: leave to make it.
            tokens: that it really cost.
        """
        self._under_way -= 1
        self._limiter.settle(given.entry, tokens)
        self._changed.set()

    def _change(self) -> None:
        if self._limits:
            self._limiter.change(lowest(self._limits.values()))
        self._changed.set()

    async def _let_through(self) -> None:
        while (job := self._next()) is not None:
            self._changed.clear()
            tokens, future = self._waiting[job][0]
            seconds: float | None = None
            if self._under_way < self.limits.concurrency:
                now = self._loop.time()
                seconds = self._limiter.wait(now, tokens)
                if seconds == 0:
                    self._waiting[job].popleft()
                    self._waiting[job] = self._waiting.pop(job)  # to the end of the line
                    self._under_way += 1
                    entry = self._limiter.dispatch(now, tokens)
                    future.set_result(Pass(entry, entry.at + self._epoch))
                    continue
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _next(self) -> str | None:
        """The first job in line that has an attempt waiting; those given up are dropped."""
        for job in list(self._waiting):
            line = self._waiting[job]
            while line and line[0][1].done():
                line.popleft()
            if line:
                return job
            del self._waiting[job]
        return None
