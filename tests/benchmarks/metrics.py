"""(p) Counting metrics, against the work that is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.metrics.recorder import Counts
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.measured_engine import MeasuredEngine
from asd_core.pipeline.planning import cut_shards
from asd_core.pipeline.shards import Shard, ShardOutcome
from asd_core.recipe.recipe import load_recipe
from tests.benchmarks.figures import Figure
from tests.benchmarks.recordings import write_archive

TIMES = 2_000  # that all shards are counted again: once is too short to measure
NOTE = (
    "p: two-second clips in one process, which decodes and embeds shards of 128 and commits them; then the same "
    "outcomes are counted again and again, and passed on to a second recorder as they are to Ray's."
)


class _Done(LocalEngine):
    """Gives outcomes that are there already."""

    def __init__(self, outcomes: list[tuple[Shard, ShardOutcome]]) -> None:
        super().__init__()
        self._outcomes = outcomes

    def embed(self, store_url: str, shards: Sequence[Shard]) -> Iterator[tuple[Shard, ShardOutcome]]:
        return iter(self._outcomes)


def counting(folder: Path, clips: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """The time of counting as a share of that of the work, and in microseconds a shard."""
    encoder = load_recipe("fleet").for_machine("fan").encoder
    table = write_archive(folder / "counted", clips, 2.0)
    shards = list(cut_shards(table, encoder, embeddings_fingerprint(encoder), 1))
    shares, micros = [], []
    for repeat in range(repeats):
        start = time.perf_counter()
        outcomes = list(LocalEngine().embed(str(folder / f"store-{repeat}"), shards))
        work = time.perf_counter() - start
        counts, other = Counts(), Counts()
        measured = MeasuredEngine(_Done(outcomes), counts)
        with counts.passed_on(other):
            start = time.perf_counter()
            for _ in range(TIMES):
                for _ in measured.embed("", shards):
                    pass
            counted = (time.perf_counter() - start) / TIMES
        shares.append(counted / work)
        micros.append(1e6 * counted / len(outcomes))
        say(f"repeat {repeat + 1} of {repeats}: {work:.2f} s of work, {1e3 * counted:.3f} ms of counting")
    name = "p metrics"
    return [
        Figure(name, "counting ÷ embedding", tuple(shares), at_most=0.001),
        Figure(name, "counting a shard", tuple(micros), "µs"),
    ]
