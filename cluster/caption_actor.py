"""The actor behind `cluster.caption`: gates of LLMs, for jobs that show now and then that they live."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.llm.gate import Gate
from asd_core.llm.limits import Limits
from asd_core.llm.permission import Moment

LEASE_SECONDS = 60.0  # no longer than a window: permission of an actor that was killed ends before the next one opens

_IDLE_SECONDS = 600.0
_LOOK_SECONDS = 5.0


@dataclass
class _Job:
    gate: Gate
    seen: float


class LimitsActor:
    """Holds the limits of every LLM that the jobs of a cluster ask.

    Args:
        window: of the limits, in seconds.
        lease_seconds: without a word from a job for so long it is taken for dead, and its attempts for over.
        idle_seconds: without any job for so long the actor ends itself; longer than attempts count.
    """

    def __init__(
        self, window: float, lease_seconds: float = LEASE_SECONDS, idle_seconds: float = _IDLE_SECONDS
    ) -> None:
        import ray

        is_reborn = ray.get_runtime_context().was_current_actor_reconstructed
        self._opens = time.monotonic() + window if is_reborn else 0.0
        self._window, self._lease_seconds, self._idle_seconds = window, lease_seconds, idle_seconds
        self._gates: dict[str, Gate] = {}
        self._jobs: dict[str, _Job] = {}
        self._idle_since = time.monotonic()
        self._watch: asyncio.Task[None] | None = None

    async def begin(self, job: str, llm: str, limits: Limits, earlier: Sequence[Moment] = ()) -> None:
        """A job begins, or begins again; see `Gate.begin`."""
        if self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._end_the_dead())
        if llm not in self._gates:
            self._gates[llm] = Gate(self._window)
            self._gates[llm].close_for(job, self._opens - time.monotonic())
        self._jobs[job] = _Job(self._gates[llm], time.monotonic())
        await self._gates[llm].begin(job, llm, limits, earlier)

    async def end(self, job: str) -> list[Moment]:
        """See `Gate.end`."""
        if job not in self._jobs:
            return []
        self._idle_since = time.monotonic()
        return await self._jobs.pop(job).gate.end(job)

    async def at_gate(self, job: str, method: str, *arguments: Any) -> Any:
        """Call a method of a job's gate, which shows that the job lives; None where it is not at work (any more)."""
        if job not in self._jobs:
            return None
        self._jobs[job].seen = time.monotonic()
        came = getattr(self._jobs[job].gate, method)(job, *arguments)
        return await came if inspect.isawaitable(came) else True

    async def _end_the_dead(self) -> None:
        """End jobs that are silent for longer than a lease, and the actor itself when nobody comes."""
        import ray

        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self._lease_seconds, self._idle_seconds))
            now = time.monotonic()
            for job in [job for job, state in self._jobs.items() if now - state.seen > self._lease_seconds]:
                await self.end(job)
            if not self._jobs and now - self._idle_since > self._idle_seconds:
                ray.kill(ray.get_runtime_context().current_actor)
