"""The engine of a few processes of this machine, without Ray."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, TypeVar

from asd_core.errors import AsdError
from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.engine import GOES_ON
from asd_core.pipeline.lone_shards import commit_blamed, embed_alone
from asd_core.pipeline.shards import Shard, ShardOutcome, shard_from_bytes, shard_to_bytes
from asd_core.pipeline.worker_processes import Answer, Call, Workers, usable_cpus

T = TypeVar("T")
R = TypeVar("R")

_LOST = AsdError("a worker process died, twice over the same work: see whether there is memory for it")
_HERE_SECONDS = 0.5  # of a map that are spent in this process before others help: their start costs some tenths


class ProcessEngine:
    """Embeds in worker processes, so that a clip that kills its process costs a worker and not the run.

    A map begins in this process; workers help where its first half second does not finish it.

    Args:
        workers: how many processes; None: one for each CPU that this process may use.
        here_seconds: of a map that are spent in this process.
    """

    device = "cpu"

    def __init__(self, workers: int | None = None, here_seconds: float = _HERE_SECONDS) -> None:
        self.workers = workers or usable_cpus()
        self._here_seconds = here_seconds
        self._processes = Workers(self.workers)

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """See `Engine.embed`.

        Raises:
            AsdError: an encoder fails; the same command goes on from what is committed.
        """
        given: dict[Call, Shard] = {}

        def calls() -> Iterator[Call]:
            for shard in shards:
                call = Call(_embed, (store_url, shard_to_bytes(shard)))
                given[call] = shard
                yield call

        unfinished = []
        for call, answer in self._processes.answers(calls()):
            shard = given.pop(call)
            if answer.is_lost:
                unfinished.append(shard)
            else:
                yield shard, _outcome(answer)
        yield from embed_alone(_LoneProcess(store_url, self._processes), unfinished)

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """See `Engine.map`."""
        left, spent = iter(items), 0.0
        here_seconds = self._here_seconds if self.workers > 1 else math.inf
        for item in left:
            if spent >= here_seconds:
                try:
                    self.start()
                    break
                except AsdError:  # slower, and no reason to stop
                    here_seconds = math.inf
            start = time.monotonic()
            result = function(item)
            spent += time.monotonic() - start
            yield result
        else:
            return
        calls = (Call(function, one) for one in chain([item], left))
        for call, answer in self._processes.answers(calls, in_order=True):
            if answer.is_lost:  # perhaps by a killer that looks for memory: once more, alone
                answer = self._processes.ask(call)
            yield _result(answer)

    def start(self) -> None:
        """Start a worker process; raises AsdError where this machine lets none start."""
        self._processes.start()

    def close(self) -> None:
        """End the worker processes."""
        self._processes.close()


class _LoneProcess:
    """One worker process at a time: see `LoneWorker`."""

    def __init__(self, store_url: str, processes: Workers) -> None:
        self._store_url = store_url
        self._processes = processes

    def embed(self, shard: Shard) -> tuple[ShardOutcome | None, bool]:
        answer = self._processes.ask(Call(_embed, (self._store_url, shard_to_bytes(shard))))
        return (None, True) if answer.is_lost else (_outcome(answer), False)

    def blame(self, shard: Shard, message: str) -> ShardOutcome:
        return _outcome(self._processes.ask(Call(_blame, (self._store_url, shard_to_bytes(shard), message))))


def _embed(item: tuple[str, bytes]) -> ShardOutcome:
    store_url, shard = item
    return _embedder(store_url)(shard_from_bytes(shard))


def _blame(item: tuple[str, bytes, str]) -> ShardOutcome:
    store_url, shard, message = item
    return commit_blamed(_embedder(store_url), shard_from_bytes(shard), message)


@lru_cache(maxsize=1)
def _embedder(store_url: str) -> ShardEmbedder:
    """One a process, which keeps its encoder between shards."""
    return ShardEmbedder(store_url)


def _outcome(answer: Answer) -> ShardOutcome:
    if answer.error is not None or answer.is_lost:
        raise AsdError(f"an encoder failed: {_last_line(answer.error or _LOST)}") from answer.error
    outcome: ShardOutcome = answer.result
    return outcome


def _result(answer: Answer) -> Any:
    if answer.is_lost:
        raise AsdError(f"{_LOST}; {GOES_ON}")
    if isinstance(answer.error, AsdError | OSError):
        raise answer.error
    if answer.error is not None:
        raise AsdError(f"a worker failed: {_last_line(answer.error)}") from answer.error
    return answer.result


def _last_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
