"""The search for clips that kill their worker, among the shards that other workers did not finish.

A crash is not an exception: a decoder with a bad pointer, or without memory, takes down its process and everything
queued on it. So each unfinished shard is worked on alone and cut in half at each crash, down to one clip. That clip is
blamed only after it has killed two fresh workers that had just answered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.embedding import ShardEmbedder
from asd_core.pipeline.engine import GOES_ON
from asd_core.pipeline.shards import Shard, ShardOutcome, shard_name

CRASHES = 2  # of one clip alone before it is blamed
TRIES = 6  # at one clip in all, those that were lost with their machines included


class LoneWorker(Protocol):
    """A worker that embeds one shard at a time, replaced by a new one whenever it dies."""

    def embed(self, shard: Shard) -> tuple[ShardOutcome | None, bool]:
        """The outcome of a shard, or None where the worker died; true where the shard killed it."""

    def blame(self, shard: Shard, message: str) -> ShardOutcome:
        """Commit the shard's only clip as an error (`commit_blamed`)."""


def embed_alone(worker: LoneWorker, waiting: list[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
    """Embed shards one by one, cutting in half those that kill their worker.

    Yields:
        The committed shards, or pieces of them, with their outcomes.

    Raises:
        AsdError: an encoder fails, or workers are lost again and again and no clip is to blame.
    """
    waiting = list(waiting)
    crashes: dict[str, int] = {}
    tries: dict[str, int] = {}
    while waiting:
        shard = waiting.pop()
        outcome, is_crash = worker.embed(shard)
        if outcome is not None:
            yield shard, outcome
            continue
        tries[shard.name] = tries.get(shard.name, 0) + 1
        crashes[shard.name] = crashes.get(shard.name, 0) + is_crash
        if len(shard.clips) > 1:
            waiting += halves(shard) if is_crash else [shard]
        elif crashes[shard.name] >= CRASHES:
            count = crashes[shard.name]
            message = f"its decoding or embedding killed {count} workers that were well before; listen to it apart"
            yield shard, worker.blame(shard, message)
        else:
            waiting.append(shard)
        if tries[shard.name] >= TRIES and crashes[shard.name] < CRASHES:
            raise AsdError(
                f"{TRIES} workers were lost over {shard.clips['uri'][0].as_py()}, with their nodes: "
                f"see to the cluster; {GOES_ON}"
            )


def halves(shard: Shard) -> list[Shard]:
    """The two halves of a shard of several clips."""
    middle = len(shard.clips) // 2
    parts = [shard.clips.slice(0, middle), shard.clips.slice(middle)]
    return [
        replace(shard, name=shard_name(part["clip_id"].to_pylist(), shard.fingerprint), clips=part) for part in parts
    ]


def commit_blamed(embedder: ShardEmbedder, shard: Shard, message: str) -> ShardOutcome:
    """Commit the shard's only clip as an error row of reason ``crashed``."""
    return embedder.commit(shard, [[DecodedClip(None, error=ClipError("crashed", message))]])
