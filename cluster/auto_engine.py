"""The engine that suits the work: a few processes of this machine, or Ray where its start is worth it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from asd_core.errors import AsdError
from asd_core.pipeline.engine import Engine, LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from asd_core.pipeline.shards import Shard, ShardOutcome
from asd_core.pipeline.work_left import seconds_of

T = TypeVar("T")
R = TypeVar("R")

RAY_PAYS = 80.0  # seconds of work a worker: Ray's start and fixed cost, some 8 s, are then a tenth of it


class AutoEngine:
    """Works in processes of this machine, until a list of shards is long enough for Ray.

    Args:
        processes: for small work; closed with this engine by who made it.
        start_ray: starts Ray and gives its engine.
        say: told which engine works on shards, and why.
        ray_pays: seconds of work a worker from which on Ray is started.
    """

    def __init__(
        self,
        processes: ProcessEngine,
        start_ray: Callable[[], Engine],
        say: Callable[[str], None],
        ray_pays: float = RAY_PAYS,
    ) -> None:
        self.workers = processes.workers
        self.device = processes.device
        self._engine: Engine = processes
        self._is_ray = False
        self._processes = processes
        self._start_ray = start_ray
        self._say = say
        self._ray_pays = ray_pays

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """See `Engine.embed`."""
        seconds = seconds_of(shards)
        if not self._is_ray:
            clips = f"{sum(len(shard.clips) for shard in shards):,} clips, some {in_words(seconds)} of work"
            if seconds / self.workers > self._ray_pays:
                self.is_on_ray(clips)
            else:
                self._say(f"{clips}: done {self._here()}, without Ray")
        if shards and self._engine is self._processes:
            self._start_processes()
        return self._engine.embed(store_url, shards)

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """See `Engine.map`."""
        return self._engine.map(function, items, on_gpu=on_gpu)

    def is_on_ray(self, work: str) -> bool:
        """True where Ray is there or can be started now, for work that is said in words."""
        if not self._is_ray:
            self._say(f"{work}: starting Ray on this machine")
            try:
                self._engine = self._start_ray()
                self._is_ray = True
            except AsdError as error:
                self._say(f"note: {error}; done {self._here()} instead")
        return self._is_ray

    def _start_processes(self) -> None:
        try:
            self._processes.start()
        except AsdError as error:
            self._say(f"note: {error}: done in this process")
            self._engine = LocalEngine()

    def _here(self) -> str:
        return "in a process of its own" if self.workers == 1 else f"in {self.workers} processes of this machine"


def in_words(seconds: float) -> str:
    """A length of time as people say it: ``3 s``, ``20 min``, ``5 h``."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(1, round(seconds))} s"
