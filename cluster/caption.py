"""Asking an LLM from one place of a cluster: a detached actor that holds the limits for every job there is.

Jobs come and go, the actor stays: what it let through in the last minute counts for the next job too. Its API key is
its own process's (`asd_core.llm.settings.api_key`): the key is no argument of anything, so Ray never sees it. A job
that dies leaves what it submitted to be answered and stored; the same command finds it there.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any

from asd_core.errors import AsdError
from asd_core.llm.inbox import Inbox
from asd_core.llm.limits import WINDOW_SECONDS, Cost
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings
from cluster.caption_actor import CaptioningActor, Collected
from cluster.failures import innermost

NAMESPACE = "asd"

_LONG_POLL_SECONDS = 5.0
_NO_ACTOR_SECONDS = 300.0  # for which it may be gone before that is an error
_RETRY_SECONDS = 1.0
_END_SECONDS = 30.0


class RayCaptioner:
    """A `asd_core.captions.requests.Captioner` for one job, at the actor that all jobs of the cluster share.

    Of the limits of the jobs that are at work the lowest hold; the budget is this job's own.

    Args:
        settings: which LLM, under which limits.
        store_url: where intents and answers are kept; a place that every node reaches.
        window: of the limits, in seconds; a minute but for tests.
        say: told, from any thread, what keeps answers waiting.

    Attributes:
        job: its name at the actor.

    Raises:
        UsageError: there is no key in the environment of the node where the actor runs.
        AsdError: the actor cannot be reached.
    """

    def __init__(
        self,
        settings: LlmSettings,
        store_url: str,
        *,
        window: float = WINDOW_SECONDS,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self._settings = settings
        self._store_url = store_url
        self._window = window
        self._say = say
        self.job = secrets.token_hex(6)
        self._lock = threading.Lock()  # of submitting, and of submitting again to an actor that has lost its memory
        self._unanswered: dict[str, CaptionRequest] = {}
        self._spent: Cost = (0, 0.0)
        self._inbox = Inbox()
        self._stopping = threading.Event()
        self._life = self._begin()
        self._collector = threading.Thread(target=self._collect, name="captions", daemon=True)
        self._collector.start()

    def submit(self, requests: Sequence[CaptionRequest]) -> None:
        """See `Captioner.submit`."""
        fresh = self._inbox.fresh(requests)
        with self._lock:
            self._unanswered |= fresh
            if not self._call(lambda actor: actor.submit.remote(self.job, list(fresh.values()))):
                self._begin_again()

    def answers(self) -> Iterator[CaptionAnswer]:
        """See `Captioner.answers`."""
        return self._inbox.answers()

    def close(self) -> None:
        """See `Captioner.close`."""
        import ray

        if self._stopping.is_set():
            return
        self._stopping.set()
        with suppress(ray.exceptions.RayError, ValueError):  # it is gone, and so is what it knew of this job
            actor = ray.get_actor(_name(self._window), namespace=NAMESPACE)
            ray.get(actor.end.remote(self.job), timeout=_END_SECONDS)
        self._collector.join(_LONG_POLL_SECONDS)

    def _collect(self) -> None:
        """Fetch answers as they come. Asking for them also tells the actor that this job lives."""
        life, taken = self._life, 0
        try:
            while not self._stopping.is_set():
                if life != self._life:
                    life, taken = self._life, 0
                collected = self._ask_for_answers(life, taken)
                if collected is None:
                    self._begin_again_after(life)
                    continue
                self._spent = collected.spent
                for each in collected.came:
                    taken += 1
                    if isinstance(each, Exception):
                        raise each
                    if self._unanswered.pop(each.request_id, None) is not None:
                        self._inbox.put(each)
        except Exception as error:  # raised where answers are waited for
            self._inbox.put(error)

    def _ask_for_answers(self, life: str, taken: int) -> Collected | None:
        collected: Collected | None = self._call(
            lambda actor: actor.collect.remote(self.job, life, taken, _LONG_POLL_SECONDS)
        )
        return collected

    def _begin(self) -> str:
        told = self._settings, self._store_url, self._spent
        life: str = self._call(lambda actor: actor.begin.remote(self.job, *told))
        return life

    def _begin_again_after(self, life: str) -> None:
        """Begin again, unless `submit` has done so since that life, or nothing is asked any more."""
        with self._lock:
            if life == self._life and not self._stopping.is_set():
                self._begin_again()

    def _begin_again(self) -> None:
        """Tell an actor that was killed, or has ended this job for its silence, what it knew."""
        self._say(
            "captioning begins again, for its actor was killed or this job stood still: nothing is asked for "
            f"{self._window:g} s after a kill"
        )
        self._life = self._begin()
        self._call(lambda actor: actor.submit.remote(self.job, list(self._unanswered.values())))

    def _call(self, call: Callable[[Any], Any]) -> Any:
        """Call the actor, waiting for it to come back where it was killed."""
        import ray

        end = time.monotonic() + _NO_ACTOR_SECONDS
        while True:
            try:
                return ray.get(call(captioning_actor(self._window)))
            except ray.exceptions.RayTaskError as error:
                if isinstance(error.cause, AsdError | OSError):
                    raise error.cause from error
                raise AsdError(f"the captioning actor failed: {innermost(error)}") from error
            except ray.exceptions.RayActorError as error:
                if time.monotonic() > end or self._stopping.is_set() or error.actor_init_failed:
                    raise AsdError(
                        f"the captioning actor does not come back: {innermost(error)}; answers that came are stored, "
                        "and the same command goes on from them"
                    ) from error
            except ray.exceptions.RayError as error:
                raise AsdError(f"the captioning actor cannot be had: {innermost(error)}") from error
            time.sleep(_RETRY_SECONDS)


def captioning_actor(window: float = WINDOW_SECONDS) -> Any:
    """The one of this cluster and version of the code, made where there is none: near the driver, on no CPU.

    Args:
        window: of the limits, in seconds. Others than a minute, for tests, have actors of their own.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.get_runtime_context().get_node_id()
    options: dict[str, Any] = {
        "name": _name(window),
        "namespace": NAMESPACE,
        "lifetime": "detached",
        "get_if_exists": True,
        "num_cpus": 0,
        "max_restarts": -1,
        "max_task_retries": 0,
        "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=True),
    }
    return ray.remote(CaptioningActor).options(**options).remote(window)


def _name(window: float) -> str:
    """With the version of the code: another one must not talk to an actor of this."""
    return f"captioner-{version('asd-fleet')}" + (f"-{window:g}" if window != WINDOW_SECONDS else "")
