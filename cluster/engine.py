"""The engine on Ray: Ray Data streams shards through decoders and encoders, and tasks reduce machines.

Ray Data is never the record of finished work. One row is one shard, the encoder commits the shard's file itself, and
only a few numbers come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from asd_core.errors import AsdError
from asd_core.pipeline.shards import Shard, ShardOutcome
from cluster.failures import GOES_ON, WorkerLost, result_of
from cluster.resources import NO_PROGRESS_SECONDS, Resources

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
        available = ray.cluster_resources()  # type: ignore[no-untyped-call]
        self._cpus = available.get("CPU", 1.0)
        self._gpus = available.get("GPU", 0.0)
        self.workers = max(1, int(self._cpus / self.resources.cpus_per_worker))
        if self.resources.gpus_per_encoder > self._gpus:
            raise AsdError(
                f"an encoder wants {self.resources.gpus_per_encoder} GPU, but the cluster has {self._gpus:g}: "
                "leave --gpus out, or join a cluster with GPUs"
            )
        nodes = ray.nodes()  # type: ignore[no-untyped-call]
        largest = max((node["Resources"].get("CPU", 0.0) for node in nodes if node["Alive"]), default=0.0)
        if 0 < largest < self.resources.cpus_per_worker:  # a node that joins later is larger than none
            raise AsdError(
                f"a worker wants {self.resources.cpus_per_worker:g} CPUs, but the largest node has {largest:g}: "
                "lower --cpus-per-worker, or join larger nodes"
            )

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """See `Engine.embed`."""
        from cluster.stream import embed_shards

        return embed_shards(store_url, shards, self.resources, self._encoders(len(shards)), self._no_progress_seconds)

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """See `Engine.map`; at most two tasks a worker are under way."""
        import ray

        def call(function: Callable[[T], R], item: T) -> R:
            return function(item)

        gpus = self.resources.gpus_per_encoder if on_gpu else 0
        remote = ray.remote(num_cpus=self.resources.cpus_per_worker, num_gpus=gpus, max_retries=2)(call)
        waiting: deque[Any] = deque()
        for item in items:
            waiting.append(remote.remote(function, item))
            if len(waiting) >= 2 * self.workers:
                yield self._get(waiting.popleft())
        while waiting:
            yield self._get(waiting.popleft())

    def _get(self, reference: Any) -> Any:
        try:
            return result_of(reference, self._no_progress_seconds)
        except WorkerLost as error:
            raise AsdError(f"a worker died: {error}; {GOES_ON}") from error

    def _encoders(self, shards: int) -> int:
        wanted = self.resources.encoders
        if wanted is None and self.resources.on_gpu:
            wanted = int(self._gpus / self.resources.gpus_per_encoder)
        elif wanted is None:
            wanted = self.workers if self.resources.decodes_in_encoder else self.workers // 2
        return max(1, min(wanted, shards))
