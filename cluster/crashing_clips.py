"""The search for clips that kill their worker (`asd_core.pipeline.lone_shards`) on a cluster.

A clip is blamed only for workers that had just answered, on nodes that still answer: a node that dies is never a clip's
fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

from asd_core.errors import AsdError
from asd_core.pipeline import lone_shards
from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.lone_shards import TRIES, commit_blamed
from asd_core.pipeline.shards import Shard, ShardOutcome, shard_from_bytes, shard_to_bytes
from cluster.broken_gpu import check_gpu, leave_broken_process
from cluster.failures import WorkerLost, result_of

if TYPE_CHECKING:
    from cluster.resources import Resources

_ANSWER_SECONDS = 60.0  # for a node to show that it lives


class LoneEmbedder:
    """An actor that embeds one shard after another, and first answers that it lives."""

    def __init__(self, store_url: str, device: str) -> None:
        self._embedder = ShardEmbedder(store_url, device)
        self._device = device

    def answer(self) -> str:
        """The id of the actor's node; where the actor has a GPU, it has just computed."""
        import ray

        if self._device != "cpu":
            check_gpu()
        return str(ray.get_runtime_context().get_node_id())

    def embed(self, shard: bytes) -> dict[str, Any]:
        """Decode, embed and commit a shard; returns the fields of its outcome. A failure of the GPU ends the actor."""
        try:
            return vars(self._embedder(shard_from_bytes(shard)))
        except Exception as error:
            leave_broken_process(error)
            raise

    def blame(self, shard: bytes, message: str) -> dict[str, Any]:
        """Commit the shard's only clip as an error."""
        return vars(commit_blamed(self._embedder, shard_from_bytes(shard), message))


def embed_alone(
    store_url: str, shards: list[Shard], resources: Resources, no_progress_seconds: float
) -> Iterator[tuple[Shard, ShardOutcome]]:
    """Embed shards one by one, cutting in half those that kill their worker.

    Args:
        store_url: a store that every node reaches.
        shards: those that no pass has finished.
        resources: of an encoder.
        no_progress_seconds: the longest time for a worker to start, or for one shard.

    Yields:
        The committed shards, or pieces of them, with their outcomes.

    Raises:
        AsdError: an encoder fails, workers are lost again and again and no clip is to blame, or nothing finishes.
    """
    with closing(_Worker(store_url, resources, no_progress_seconds)) as worker:
        yield from lone_shards.embed_alone(worker, shards)


class _Worker:
    """A lone embedder, replaced by a new one whenever it dies."""

    def __init__(self, store_url: str, resources: Resources, no_progress_seconds: float) -> None:
        self._arguments = (store_url, "cuda" if resources.on_gpu else "cpu")
        self._options = {"num_cpus": resources.cpus_per_worker, "num_gpus": resources.gpus_per_encoder or None}
        self._no_progress_seconds = no_progress_seconds
        self._actor: Any = None

    def embed(self, shard: Shard) -> tuple[ShardOutcome | None, bool]:
        """The outcome of a shard, or None where the worker died; true where its node lives, so the shard killed it."""
        actor, node = self._alive()
        try:
            return ShardOutcome(**self._get(actor.embed.remote(shard_to_bytes(shard)))), False
        except WorkerLost:
            return None, _answers(node)

    def blame(self, shard: Shard, message: str) -> ShardOutcome:
        """Commit a clip as an error row."""
        for _ in range(TRIES):
            actor, _ = self._alive()
            with suppress(WorkerLost):
                return ShardOutcome(**self._get(actor.blame.remote(shard_to_bytes(shard), message)))
        raise _lost_idle()

    def close(self) -> None:
        """End the worker, which gives its CPU back now: Ray ends an actor without a handle only later."""
        import ray

        if self._actor is not None:
            ray.kill(self._actor)

    def _alive(self) -> tuple[Any, str]:
        import ray

        for _ in range(TRIES):
            if self._actor is None:
                made = ray.remote(LoneEmbedder).options(max_restarts=0, max_task_retries=0, **self._options)
                self._actor = made.remote(*self._arguments)
            with suppress(WorkerLost):
                actor = self._actor
                return actor, self._get(actor.answer.remote())
        raise _lost_idle()

    def _get(self, reference: Any) -> Any:
        """The worker's result; a worker that died is forgotten."""
        try:
            return result_of(reference, self._no_progress_seconds, "an encoder")
        except WorkerLost:
            self._actor = None
            raise


def _lost_idle() -> AsdError:
    return AsdError(f"{TRIES} workers died before they had anything to do: see to the cluster, then run it again")


def _answers(node: str) -> bool:
    """True where a node still runs tasks. The node itself is asked: the cluster notices a death only after a while."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    strategy = NodeAffinitySchedulingStrategy(node, soft=False)
    ping = ray.remote(num_cpus=0, max_retries=0)(_yes).options(scheduling_strategy=strategy)
    try:
        return bool(ray.get(ping.remote(), timeout=_ANSWER_SECONDS))
    except ray.exceptions.RayError:
        return False


def _yes() -> bool:
    return True
