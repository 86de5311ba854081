"""The engine on Ray: Ray Data streams shards through decoders and encoders, and tasks reduce machines.

Ray Data is never the record of finished work. One row is one shard, the encoder commits the shard's file itself, and
only a few numbers come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from asd_core.encoders.build import kind_of
from asd_core.errors import AsdError
from asd_core.pipeline.shards import Shard, ShardOutcome
from cluster.capacity import coming, grown
from cluster.failures import GOES_ON, WorkerLost, result_of
from cluster.gpu_workers import GpuWorkers
from cluster.resources import NO_PROGRESS_SECONDS, Resources, refuse_too_small

T = TypeVar("T")
R = TypeVar("R")


class RayEngine:
    """Maps shards and machines over the Ray session that is open.

    Args:
        resources: of tasks and actors.
        no_progress_seconds: a run that finishes nothing for so long ends with an error.

    Raises:
        AsdError: no node has the resources of a worker.
    """

    def __init__(self, resources: Resources | None = None, no_progress_seconds: float = NO_PROGRESS_SECONDS) -> None:
        import ray

        self.resources = resources or Resources()
        self.device = "cuda" if self.resources.on_gpu else "cpu"
        self._no_progress_seconds = no_progress_seconds
        available = grown(ray.cluster_resources())  # type: ignore[no-untyped-call]
        self._cpus = available.get("CPU", 1.0)
        self._gpus = available.get("GPU", 0.0)
        self.workers = max(1, int(self._cpus / self.resources.cpus_per_worker))
        nodes = ray.nodes()  # type: ignore[no-untyped-call]
        refuse_too_small([*(node["Resources"] for node in nodes if node["Alive"]), *coming()], self.resources)
        self._gpu_workers: list[GpuWorkers] = []  # those that no map uses

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """See `Engine.embed`."""
        from cluster.stream import embed_shards

        while self._gpu_workers:  # whose GPUs the encoders want
            self._gpu_workers.pop().close()
        resources = self.resources
        if not any(kind_of(shard.encoder.kind).uses_device for shard in shards):
            resources = replace(resources, gpus_per_encoder=0.0)
        return embed_shards(
            store_url, shards, resources, self._encoders(len(shards), resources), self._no_progress_seconds
        )

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """See `Engine.map`; at most two tasks a worker are under way. On GPUs, processes stay from map to map."""
        import ray

        if on_gpu and self.resources.on_gpu:
            yield from self._map_on_gpus(function, items)
            return

        def call(function: Callable[[T], R], item: T) -> R:
            return function(item)

        remote = ray.remote(num_cpus=self.resources.cpus_per_worker, max_retries=2)(call)
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(remote.remote(function, item))
            if len(waiting) >= 2 * self.workers:
                yield self._get(waiting.popleft())
        while waiting:
            yield self._get(waiting.popleft())

    def _map_on_gpus(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        most = max(1, min(self.workers, int(self._gpus / self.resources.gpus_per_encoder)))
        try:  # another thread may be at a map, with workers of its own
            workers = self._gpu_workers.pop()
        except IndexError:
            workers = GpuWorkers(self.resources, most, self._no_progress_seconds)
        try:
            yield from workers.map(function, items)
        finally:
            self._gpu_workers.append(workers)

    def _get(self, reference: Any) -> Any:
        try:
            return result_of(reference, self._no_progress_seconds)
        except WorkerLost as error:
            raise AsdError(f"a worker died: {error}; {GOES_ON}") from error

    def _encoders(self, shards: int, resources: Resources) -> int:
        wanted = resources.encoders
        if wanted is None and resources.on_gpu:
            wanted = int(self._gpus / resources.gpus_per_encoder)
        elif wanted is None:
            wanted = self.workers if resources.decodes_in_encoder else self.workers // 2
        return max(1, min(wanted, shards))
