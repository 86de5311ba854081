"""The gate that every attempt at an LLM passes: it opens as often as the limits of `asd_core.llm.limits` allow.

Jobs take turns, so that a night's captions do not queue behind a backfill's thousands.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from asd_core.llm.limits import WINDOW_SECONDS, Dispatch, Limits, RateLimiter, strictest
from asd_core.llm.permission import Claim, Moment, Pass, TooLarge

LONGEST_WAY = 5.0
"""Seconds after it was sent within which an attempt is taken to have reached the server. One that ends sooner has
reached it by then. One that lasts longer would else keep its place for as long as the LLM thinks."""


def longest_way(window: float) -> float:
    """Seconds within which an attempt is taken to have reached the server where nothing is known of its end."""
    return min(LONGEST_WAY, window / 12)


class Gate:
    """An `AnyGate` in the event loop that it was made in.

    Args:
        window: of the limits, in seconds; a minute but for tests.
        wall: seconds since the epoch, read once: differences between passes are those of the loop's own clock.
    """

    def __init__(self, window: float = WINDOW_SECONDS, wall: Callable[[], float] = time.time) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = wall() - self._loop.time()
        self.window = window
        self._limits: dict[str, Limits] = {}
        self._has_company: dict[str, bool] = {}  # job that ever began → another was at work beside it
        self._claims: dict[str, str] = {}  # request id → job
        self._limiter = RateLimiter(Limits(1, None, 1), window)
        self._waiting: dict[str, deque[tuple[int, asyncio.Future[Pass | TooLarge | None]]]] = {}
        self._under_way: dict[str, tuple[str, Dispatch]] = {}  # name of a pass → job, entry in the log
        self._changed = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

    @property
    def limits(self) -> Limits:
        """The limits that hold now."""
        return self._limiter.limits

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self._epoch + self._loop.time()

    async def begin(self, job: str, llm: str, limits: Limits, earlier: Sequence[Moment] = ()) -> None:
        """See `AnyGate.begin`; a job that is at work already begins again, with nothing that waits or is under way."""
        self._forget(job)
        self._limits[job] = limits
        self._has_company.setdefault(job, False)
        if len(self._limits) > 1:
            self._has_company |= dict.fromkeys(self._limits, True)
        self._limiter.limits = strictest(self._limits.values())
        self._limiter.restore(self._dispatched(earlier))

    def _dispatched(self, earlier: Sequence[Moment]) -> list[Dispatch]:
        """Attempts of another gate, as far as they are not known here.

        A moment later than now was written by a clock that is set back since. It counts as now, or it would be waited
        for.
        """
        now = self.now
        known = {entry.at for entry in self._limiter.recent(now)}
        moments = [(min(at, now), tokens) for at, tokens in earlier if at not in known]
        return [Dispatch(at, tokens, self._arrived(at)) for at, tokens in moments]

    def _arrived(self, at: float) -> float:
        """When an attempt whose end is not known had arrived at the latest."""
        return min(self.now, at + longest_way(self.window))

    async def end(self, job: str) -> list[Moment]:
        """See `AnyGate.end`; the limits of the last job stay until another begins."""
        self._forget(job)
        if self._limits:
            self._limiter.limits = strictest(self._limits.values())
        return [(entry.at, entry.tokens) for entry in self._limiter.recent(self.now)]

    async def strangers(self, job: str, jobs: Collection[str]) -> set[str]:
        """See `AnyGate.strangers`."""
        return set(jobs) - self._has_company.keys()

    async def claim(self, job: str, request_id: str) -> Claim:
        """See `AnyGate.claim`."""
        if self._claims.setdefault(request_id, job) != job:
            return "taken"
        return "shared" if self._has_company.get(job) else "alone"

    def release(self, job: str, request_id: str) -> None:
        """See `AnyGate.release`."""
        if self._claims.get(request_id) == job:
            del self._claims[request_id]

    async def enter(self, job: str, tokens: int) -> Pass | TooLarge | None:
        """See `AnyGate.enter`."""
        if job not in self._limits:
            return None
        future: asyncio.Future[Pass | TooLarge | None] = self._loop.create_future()
        self._waiting.setdefault(job, deque()).append((tokens, future))
        self._changed.set()
        if self._pump is None or self._pump.done():
            self._pump = self._loop.create_task(self._let_through())
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and isinstance(given := future.result(), Pass):
                self.leave(job, given, 0)
            self._changed.set()
            raise

    def holds(self, job: str) -> bool:
        """See `AnyGate.holds`."""
        return True

    def leave(self, job: str, given: Pass, tokens: int, seconds: float = 0.0) -> None:
        """See `AnyGate.leave`; a pass that is not known (any more) stays counted for what it may have cost."""
        if given.name in self._under_way:
            entry = self._under_way.pop(given.name)[1]
            entry.arrived = self.now - max(0.0, seconds - LONGEST_WAY)
            self._limiter.settle(entry, tokens)
            self._changed.set()

    async def pause(self, job: str) -> float:
        """See `AnyGate.pause`."""
        return self._limiter.wait(self.now, 0)

    def close_for(self, job: str, seconds: float) -> None:
        """See `AnyGate.close_for`."""
        self._limiter.close_until(self.now + seconds)
        self._changed.set()

    def turn_away(self, job: str) -> None:
        """See `AnyGate.turn_away`."""
        for _, future in self._waiting.get(job, ()):
            if not future.done():
                future.set_result(None)
        self._changed.set()

    def _forget(self, job: str) -> None:
        self._limits.pop(job, None)
        self.turn_away(job)
        for holder, entry in self._under_way.values():
            if holder == job:
                entry.arrived = self._arrived(entry.at)
        self._under_way = {name: each for name, each in self._under_way.items() if each[0] != job}
        self._claims = {request_id: holder for request_id, holder in self._claims.items() if holder != job}

    async def _let_through(self) -> None:
        while (job := self._next()) is not None:
            self._changed.clear()
            tokens, future = self._waiting[job][0]
            if not self._limiter.fits(tokens):
                future.set_result(TooLarge(tokens, self.limits.tokens or 0))
                continue
            seconds: float | None = None
            if len(self._under_way) < self.limits.concurrency:
                now = self.now
                seconds = self._limiter.wait(now, tokens)
                if seconds == 0:
                    self._waiting[job].popleft()
                    self._waiting[job] = self._waiting.pop(job)  # to the end of the line
                    given = Pass(secrets.token_hex(6), now)
                    self._under_way[given.name] = job, self._limiter.dispatch(now, tokens, math.inf)
                    future.set_result(given)
                    continue
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds if seconds != math.inf else None):
                    await self._changed.wait()

    def _next(self) -> str | None:
        """The first job in line that has an attempt waiting; attempts that were given up are dropped."""
        for job in list(self._waiting):
            line = self._waiting[job]
            while line and line[0][1].done():
                line.popleft()
            if line:
                return job
            del self._waiting[job]
        return None
