"""An engine whose work is counted.

Shards and machines are counted as their outcomes come back, which a run's record is made of too. So the metrics of a
run agree with its record, also where workers died and their work was done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from asd_core.encoders.build import kind_of
from asd_core.metrics.recorder import Recorder
from asd_core.metrics.table import bounded_reason
from asd_core.pipeline.engine import Engine
from asd_core.pipeline.machine_tasks import ScoreOutcome
from asd_core.pipeline.shards import Shard, ShardOutcome

T = TypeVar("T")
R = TypeVar("R")


class MeasuredEngine:
    """Works as another engine does, and counts what comes back, a few numbers a shard.

    Args:
        engine: does the work.
        recorder: is told.
    """

    def __init__(self, engine: Engine, recorder: Recorder) -> None:
        self.engine = engine
        self.workers, self.device = engine.workers, engine.device
        self._recorder = recorder

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        """See `Engine.embed`."""
        left = sum(len(shard.clips) for shard in shards), len(shards)
        self._recorder.set("asd_shards_left", left[1])
        done = 0
        for shard, outcome in self.engine.embed(store_url, shards):
            done += len(shard.clips)
            # A shard whose worker crashed comes back in pieces: what is left is told by its recordings.
            self._recorder.set("asd_shards_left", round(left[1] * (1 - done / max(1, left[0]))))
            self._count_shard(shard, outcome)
            yield shard, outcome

    def map(self, function: Callable[[T], R], items: Iterable[T], *, on_gpu: bool = False) -> Iterator[R]:
        """See `Engine.map`."""
        for result in self.engine.map(function, items, on_gpu=on_gpu):
            if isinstance(result, ScoreOutcome):
                self._count_scores(result)
            yield result

    def _count_shard(self, shard: Shard, outcome: ShardOutcome) -> None:
        device = self.device if kind_of(shard.encoder.kind).uses_device else "cpu"
        self._recorder.add("asd_shards_total")
        self._recorder.add("asd_clips_decoded_total", len(shard.clips))
        self._recorder.add("asd_decode_seconds_total", outcome.decode_seconds)
        self._recorder.add("asd_encode_seconds_total", outcome.encode_seconds, device=device)
        reasons = [*outcome.errors.values(), *(reason for reason, _ in outcome.transient.values())]
        self._count_errors("embed", {reason: reasons.count(reason) for reason in set(reasons)})

    def _count_scores(self, outcome: ScoreOutcome) -> None:
        self._recorder.add("asd_clips_scored_total", outcome.scored)
        self._recorder.add("asd_clips_flagged_total", outcome.flagged)
        self._count_errors("score", outcome.errors_by_reason)

    def _count_errors(self, stage: str, reasons: Mapping[str, int]) -> None:
        for reason, count in reasons.items():
            self._recorder.add("asd_clip_errors_total", count, stage=stage, reason=bounded_reason(reason))
