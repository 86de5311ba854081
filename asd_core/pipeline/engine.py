"""Engines, which work on shards and machines.

`LocalEngine` works in this process, `asd_core.pipeline.processes.ProcessEngine` in a few processes of this machine, and
`cluster.engine.RayEngine` on Ray. Their rows are equal to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.shards import Shard, ShardOutcome

T = TypeVar("T")
R = TypeVar("R")

GOES_ON = "the same command goes on from what is committed"


class Engine(Protocol):
    """Maps the two functions that all work is made of."""

    workers: int
    """How many items are worked on at once: how finely it pays to cut."""

    device: str
    """The device that networks are computed on: ``cpu`` or ``cuda``."""

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """Decode, embed and commit every shard, in any order.

        Yields:
            What was committed and how it went: the shards given, or pieces of them that hold the same clips.
        """

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """Apply a pure function that can be pickled to every item; results in the items' order.

        Args:
            function: of one item.
            items: taken as they are needed.
            on_gpu: the function computes on `device`.
        """


class LocalEngine:
    """One after the other in this process: small archives, tests, debugging."""

    workers = 1

    def __init__(self, device: str = "cpu") -> None:
        self.device = device

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """See `Engine.embed`."""
        embedder = ShardEmbedder(store_url, self.device)
        return ((shard, embedder(shard)) for shard in shards)

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """See `Engine.map`."""
        return map(function, items)


Progress = Callable[[str, int, int], None]
"""Told a stage, how much of it is done, and of how much."""


def tracked(items: Iterable[T], stage: str, total: int, progress: Progress) -> Iterator[T]:
    """The items; progress of the stage is told after each."""
    for done, item in enumerate(items, 1):
        yield item
        progress(stage, done, total)


def no_progress(stage: str, done: int, total: int) -> None:
    """Say nothing."""
