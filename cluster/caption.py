"""The gate of a cluster: one detached actor holds the limits of the LLMs for every job there is.

Jobs come and go, the actor stays: attempts that it let through in the last minute count for the next job too. Each
driver asks the LLM itself. The actor knows neither keys nor prompts, only names of jobs, ids of requests and tokens.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from asd_core.errors import AsdError
from asd_core.llm.limits import WINDOW_SECONDS, Limits
from asd_core.llm.permission import Claim, Moment, Pass, TooLarge
from cluster.caption_actor import LEASE_SECONDS, LimitsActor
from cluster.failures import innermost

NAMESPACE = "asd"

_BEAT_SECONDS = 5.0  # between a job's signs of life
_MOST_CALLS = 100_000  # that wait at the actor: each job has up to its concurrency there
_NO_ACTOR_SECONDS = 300.0  # for which it may be gone before that is an error
_RETRY_SECONDS = 1.0
_END_SECONDS = 30.0


class RayGate:
    """A `asd_core.llm.permission.AnyGate` for one job, at the actor that all jobs of the cluster share.

    An actor that was killed has lost its memory when it is back, and lets nothing through for one window. The job then
    begins again there; its attempts under way are over by the end of the window, if they last no longer than one.

    Args:
        window: of the limits, in seconds; a minute but for tests.
        say: told, from any thread, what keeps answers waiting.
        lease_seconds: without a word from the actor for so long, permission that it gave no longer holds.
    """

    def __init__(
        self,
        window: float = WINDOW_SECONDS,
        say: Callable[[str], None] = lambda line: None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.window = window
        self._say = say
        self._lease_seconds = lease_seconds
        self._beginning = asyncio.Lock()
        self._begun = 0  # times
        self._heard = 0.0  # when the last call was made that the actor has answered
        self._is_over = False
        self._claims: set[str] = set()
        self._calls: set[asyncio.Task[Any]] = set()  # kept, or the event loop may lose them

    async def begin(self, job: str, llm: str, limits: Limits, earlier: Sequence[Moment] = ()) -> None:
        """See `AnyGate.begin`.

        Raises:
            AsdError: the actor cannot be had.
        """
        self._told = job, llm, limits
        await self._begin(earlier)
        self._beating = asyncio.create_task(self._quietly(self._beat()))

    async def end(self, job: str) -> list[Moment]:
        """See `AnyGate.end`; empty where the actor is gone, and with it what it knew."""
        import ray

        self._is_over = True
        self._beating.cancel()
        with suppress(ray.exceptions.RayError, TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await asyncio.gather(self._beating, *self._calls, return_exceptions=True)
                return list(await self._actor.end.remote(job))
        return []

    async def strangers(self, job: str, jobs: Collection[str]) -> set[str]:
        """See `AnyGate.strangers`."""
        return set(await self._ask("strangers", set(jobs)) or ())

    async def claim(self, job: str, request_id: str) -> Claim:
        """See `AnyGate.claim`; an actor that has lost its memory cannot tell what others did before."""
        if request_id in self._claims:
            return "alone"
        claim: Claim | None = await self._ask("claim", request_id)
        if claim != "taken":
            self._claims.add(request_id)
        return "shared" if claim == "alone" and self._begun > 1 else claim or "alone"

    def release(self, job: str, request_id: str) -> None:
        """See `AnyGate.release`."""
        if request_id in self._claims:
            self._claims.remove(request_id)
            self._tell("release", request_id)

    async def enter(self, job: str, tokens: int) -> Pass | TooLarge | None:
        """See `AnyGate.enter`."""
        given: Pass | TooLarge | None = await self._ask("enter", tokens)
        return given

    def holds(self, job: str) -> bool:
        """See `AnyGate.holds`; this job's lease, counted from when it sent word, ends before the actor's."""
        return time.monotonic() < self._heard + self._lease_seconds

    def leave(self, job: str, given: Pass, tokens: int, seconds: float = 0.0) -> None:
        """See `AnyGate.leave`."""
        self._tell("leave", given, tokens, seconds)

    async def pause(self, job: str) -> float:
        """See `AnyGate.pause`."""
        return float(await self._ask("pause") or 0.0)

    def close_for(self, job: str, seconds: float) -> None:
        """See `AnyGate.close_for`."""
        self._tell("close_for", seconds)

    def turn_away(self, job: str) -> None:
        """See `AnyGate.turn_away`; the job has come to its end."""
        self._is_over = True
        self._tell("turn_away")

    async def _ask(self, method: str, *arguments: Any) -> Any:
        """The actor's answer; None once the job is over.

        Raises:
            AsdError: the actor failed, or does not come back.
        """
        import ray

        while True:
            begun = self._begun
            try:
                answer = await self._actor.at_gate.remote(self._told[0], method, *arguments)
            except ray.exceptions.RayActorError:
                answer = None
            except ray.exceptions.RayError as error:
                raise AsdError(f"the captioning actor failed: {innermost(error)}") from error
            if answer is not None or self._is_over:
                return answer
            await self._begin_again(begun)

    def _tell(self, method: str, *arguments: Any) -> None:
        """Call the actor without waiting for it; a call that is lost has the job begin again."""
        task = asyncio.create_task(self._quietly(self._ask(method, *arguments)))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _quietly(self, call: Coroutine[Any, Any, Any]) -> None:
        """Wait for a call; where the actor cannot be had, whoever asks for permission is told so."""
        with suppress(AsdError):
            await call

    async def _beat(self) -> None:
        """Show that this job lives."""
        while True:
            await asyncio.sleep(min(_BEAT_SECONDS, self.window / 4))
            sent = time.monotonic()
            if await self._ask("holds"):
                self._heard = max(self._heard, sent)

    async def _begin_again(self, begun: int) -> None:
        """Begin again, unless that was done since the job had begun so many times."""
        async with self._beginning:
            if begun == self._begun and not self._is_over:
                self._say(
                    "captioning begins again, for its actor was killed or this job stood still: nothing is asked for "
                    f"{self.window:g} s after a kill"
                )
                await self._begin()

    async def _begin(self, earlier: Sequence[Moment] = ()) -> None:
        """Begin at the actor, waiting for it to come back where it was killed."""
        import ray

        end = time.monotonic() + _NO_ACTOR_SECONDS
        while True:
            sent = time.monotonic()
            try:
                self._actor = await asyncio.to_thread(limits_actor, self.window)
                await self._actor.begin.remote(*self._told, earlier)
                break
            except ray.exceptions.RayActorError as error:
                if time.monotonic() > end or self._is_over or error.actor_init_failed:
                    raise AsdError(
                        f"the captioning actor does not come back: {innermost(error)}; answers that came are stored, "
                        "and the same command goes on from them"
                    ) from error
            except ray.exceptions.RayError as error:
                raise AsdError(f"the captioning actor cannot be had: {innermost(error)}") from error
            await asyncio.sleep(_RETRY_SECONDS)
        self._heard, self._begun = sent, self._begun + 1
        self._claims.clear()


def limits_actor(window: float = WINDOW_SECONDS) -> Any:
    """The one of this cluster and version of the code, made where there is none: near the driver, on no CPU.

    Args:
        window: of the limits, in seconds. Others than a minute, for tests, have actors of their own.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.get_runtime_context().get_node_id()
    options: dict[str, Any] = {
        # With the version of the code: another one must not talk to an actor of this.
        "name": f"limits-{version('asd-fleet')}" + (f"-{window:g}" if window != WINDOW_SECONDS else ""),
        "namespace": NAMESPACE,
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
        "max_concurrency": _MOST_CALLS,
        "max_restarts": -1,
        "max_task_retries": 0,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=True),
    }
    return ray.remote(LimitsActor).options(**options).remote(window)
