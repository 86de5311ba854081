"""The actor behind `cluster.captioning`: a desk for LLM requests that lives as long as jobs come to it."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from asd_core.captions.desk import Desk
from asd_core.captions.llm import LlmSettings
from asd_core.captions.requests import CaptionAnswer, CaptionRequest

_LEASE_SECONDS = 60.0
_IDLE_SECONDS = 600.0
_LOOK_SECONDS = 5.0


@dataclass
class _Job:
    seen: float
    came: list[CaptionAnswer | Exception] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)


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
        self._life = secrets.token_hex(4)
        self._jobs: dict[str, _Job] = {}
        self._idle_since = time.monotonic()
        self._janitor: asyncio.Task[None] | None = None

    async def begin(self, job: str, settings: LlmSettings, store_url: str) -> str:
        """A job begins; the answer names this life of the actor. Raises UsageError where this process has no key."""
        if self._janitor is None:
            self._janitor = asyncio.get_running_loop().create_task(self._tidy())
        if job not in self._jobs:
            self._jobs[job] = _Job(time.monotonic())
            try:
                await self._desk.begin(job, settings, store_url)
            except BaseException:
                del self._jobs[job]
                raise
        return self._life

    async def submit(self, job: str, requests: Sequence[CaptionRequest]) -> bool:
        """Have requests answered. False where the job is not known: the actor has been killed meanwhile."""
        if job not in self._jobs:
            return False
        state = self._jobs[job]

        def put(answer: CaptionAnswer | Exception) -> None:
            state.came.append(answer)
            state.news.set()

        self._desk.submit(job, requests, put)
        return True

    async def collect(self, job: str, life: str, taken: int, seconds: float) -> list[CaptionAnswer | Exception] | None:
        """Answers after the first ``taken`` of this life, waited for a while; None in another, or for another job."""
        if job not in self._jobs or life != self._life:
            return None
        state = self._jobs[job]
        state.seen = time.monotonic()
        if len(state.came) <= taken:
            state.news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await state.news.wait()
        return state.came[taken:]

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
