"""Processes that keep their GPU from one item to the next, and with it the networks that they have loaded.

Ray ends the process of a task on a GPU with the task. Processes of tasks that it keeps would stay on the GPU of their
first task, whichever is theirs later. So maps over GPUs run in actors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from asd_core.errors import AsdError
from cluster.broken_gpu import check_gpu, leave_broken_process
from cluster.failures import GOES_ON, WorkerLost, nothing_finished, result_of
from cluster.resources import Resources

T = TypeVar("T")
R = TypeVar("R")

_TRIES = 3  # at one item, whose worker died
_MOST_LOST = 6  # workers in a row that died, idle or at work


class GpuWorkers:
    """A few actors that each keep a GPU, or a share of one; they live until they are closed.

    Args:
        resources: of a worker.
        most: workers at most.
        no_progress_seconds: the longest wait for anything to finish.
    """

    def __init__(self, resources: Resources, most: int, no_progress_seconds: float) -> None:
        self._options = {"num_cpus": resources.cpus_per_worker, "num_gpus": resources.gpus_per_encoder}
        self._most = most
        self._no_progress_seconds = no_progress_seconds
        self._idle: list[Any] = []
        self._busy: dict[Any, Any] = {}  # reference → the actor that works on it, or is started
        self._lost = 0

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Apply a function to items; results in their order.

        An item whose worker died is done again by another. At most two items a worker are taken before their turn.

        Raises:
            AsdError: the function fails, workers die again and again, or nothing finishes.
        """
        waiting = enumerate(items)
        again: list[tuple[int, T]] = []  # to be given to a worker
        own: dict[Any, tuple[int, T]] = {}
        done: dict[int, R] = {}
        tries: dict[int, int] = {}
        turn = 0
        while True:
            while turn in done:
                yield done.pop(turn)
                turn += 1
            again += islice(waiting, max(0, 2 * self._most - len(again) - len(own) - len(done)))
            if not again and not own:
                return
            self._start(len(again), len(self._busy) - len(own))
            while again and self._idle:
                item, actor = again.pop(0), self._idle.pop()
                reference = actor.call.remote(function, item[1])
                self._busy[reference], own[reference] = actor, item
            reference = self._next_finished()
            taken = own.pop(reference, None)
            try:
                result = self._result(reference)
            except WorkerLost as error:
                if taken is not None:
                    number = taken[0]
                    tries[number] = tries.get(number, 0) + 1
                    if tries[number] >= _TRIES:
                        raise AsdError(f"a worker died: {error}; {GOES_ON}") from error
                    again.insert(0, taken)
            except (AsdError, OSError):
                if taken is not None or self._lost >= _MOST_LOST:  # else a map of before failed, which was told then
                    raise
            else:
                if taken is not None:
                    done[taken[0]] = result

    def close(self) -> None:
        """End the workers, which gives their GPUs back."""
        import ray

        for actor in [*self._idle, *self._busy.values()]:
            ray.kill(actor)
        self._idle, self._busy = [], {}

    def _start(self, wanted: int, starting: int) -> None:
        """Start workers for so many items, less those that are idle or being started; each is idle once it answers."""
        import ray

        room = self._most - len(self._idle) - len(self._busy)
        for _ in range(min(wanted - len(self._idle) - starting, room)):
            made: Any = ray.remote(_Worker).options(max_restarts=0, max_task_retries=0, **self._options)
            actor: Any = made.remote()
            self._busy[actor.answer.remote()] = actor

    def _next_finished(self) -> Any:
        import ray

        finished, _ = ray.wait(list(self._busy), num_returns=1, timeout=self._no_progress_seconds)
        if not finished:
            raise AsdError(f"{nothing_finished(self._no_progress_seconds)}; {GOES_ON}")
        return finished[0]

    def _result(self, reference: Any) -> Any:
        """The result of a finished call, whose worker is idle again; one that died is forgotten."""
        actor = self._busy.pop(reference)
        try:
            result = result_of(reference, self._no_progress_seconds)
        except WorkerLost as error:
            self._lost += 1
            if self._lost >= _MOST_LOST:
                raise AsdError(f"{_MOST_LOST} workers died one after the other: {error}; see to the GPUs") from error
            raise
        except BaseException:
            self._idle.append(actor)
            raise
        self._lost = 0
        self._idle.append(actor)
        return result


class _Worker:
    """An actor that applies functions to items."""

    def answer(self) -> None:
        """Say that it lives, on a GPU that computes."""
        check_gpu()

    def call(self, function: Callable[[Any], Any], item: Any) -> Any:
        """The function's result; a failure of the GPU ends the process."""
        try:
            return function(item)
        except Exception as error:
            leave_broken_process(error)
            raise
