"""The actor behind `cluster.captioning`: a desk for LLM requests that lives as long as jobs come to it."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from asd_core.llm.jobs import Desk
from asd_core.llm.limits import Cost
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings

_LEASE_SECONDS = 60.0
_IDLE_SECONDS = 600.0
_LOOK_SECONDS = 5.0


@dataclass
class _Job:
    seen: float
    life: str = field(default_factory=lambda: secrets.token_hex(4))
    came: list[CaptionAnswer | Exception] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Collected:
    """What a job gets when it asks.

    Attributes:
        came: answers, or what keeps a request from one.
        spent: of the job's budget so far, with what the attempts under way may cost.
    """

    came: list[CaptionAnswer | Exception]
    spent: Cost


class CaptioningActor:
    """Holds the limits of every LLM that the jobs of a cluster ask.

    Args:
        window: of the limits, in seconds.
        lease_seconds: without a word from a job so long it is taken for dead.
        idle_seconds: without any job so long it ends itself; longer than attempts count.
    """

    def __init__(
        self, window: float, lease_seconds: float = _LEASE_SECONDS, idle_seconds: float = _IDLE_SECONDS
    ) -> None:
        import ray

        reborn = ray.get_runtime_context().was_current_actor_reconstructed
        self._desk = Desk(window, is_reborn=bool(reborn))
        self._lease_seconds, self._idle_seconds = lease_seconds, idle_seconds
        self._jobs: dict[str, _Job] = {}
        self._idle_since = time.monotonic()
        self._janitor: asyncio.Task[None] | None = None

    async def begin(self, job: str, settings: LlmSettings, store_url: str, spent: Cost = (0, 0.0)) -> str:
        """A job begins, or begins again after it was ended for its silence, or the actor was killed.

        Args:
            job: its name.
            settings: which LLM, under which limits.
            store_url: where intents and answers are kept.
            spent: of its budget in earlier lives.

        Returns:
            The name of this life of the job.

        Raises:
            UsageError: this process has no key.
        """
        if self._janitor is None:
            self._janitor = asyncio.get_running_loop().create_task(self._tidy())
        if job not in self._jobs:
            self._jobs[job] = _Job(time.monotonic())
            try:
                await self._desk.begin(job, settings, store_url, spent)
            except BaseException:
                del self._jobs[job]
                raise
        return self._jobs[job].life

    async def submit(self, job: str, requests: Sequence[CaptionRequest]) -> bool:
        """Have requests answered. False where the job is not known: the actor was killed, or ended it, meanwhile."""
        if job not in self._jobs:
            return False
        state = self._jobs[job]

        def put(answer: CaptionAnswer | Exception) -> None:
            state.came.append(answer)
            state.news.set()

        self._desk.submit(job, requests, put)
        return True

    async def collect(self, job: str, life: str, taken: int, seconds: float) -> Collected | None:
        """What came after the first ``taken`` answers of this life of a job, waited for a while; None in another."""
        state = self._jobs.get(job)
        if state is None or state.life != life:
            return None
        state.seen = time.monotonic()
        if len(state.came) <= taken:
            state.news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await state.news.wait()
        if self._jobs.get(job) is not state:
            return None
        return Collected(state.came[taken:], self._desk.spent(job))

    async def end(self, job: str) -> None:
        """A job ends; what it waits for is not asked any more."""
        if (state := self._jobs.pop(job, None)) is not None:
            state.news.set()
            self._idle_since = time.monotonic()
            await self._desk.end(job)

    async def process(self) -> int:
        """The number of the process that it runs in."""
        return os.getpid()

    async def _tidy(self) -> None:
        """End jobs that died, once all that they submitted is answered and stored; end itself when nobody comes."""
        import ray

        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self._lease_seconds, self._idle_seconds))
            now = time.monotonic()
            for job, state in list(self._jobs.items()):
                if now - state.seen > self._lease_seconds and self._desk.is_idle(job):
                    await self.end(job)
            if not self._jobs and now - self._idle_since > self._idle_seconds:
                ray.kill(ray.get_runtime_context().current_actor)
