import pytest

from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError
from asd_core.pipeline.lone_shards import embed_alone, halves
from asd_core.pipeline.planning import cut_shards
from asd_core.pipeline.shards import ShardOutcome
from tests.asd_core.pipeline.clips import clips


class Worker:
    """A worker that dies over some clips, of which it or its machine is the cause."""

    def __init__(self, deadly, is_crash=True):
        self.deadly, self.is_crash, self.blamed = deadly, is_crash, []

    def embed(self, shard):
        if self.deadly & set(shard.clips["uri"].to_pylist()):
            return None, self.is_crash
        return ShardOutcome(shard.name, {}, {}), False

    def blame(self, shard, message):
        self.blamed.append((shard.clips["uri"].to_pylist(), message))
        return ShardOutcome(shard.name, {"id": "crashed"}, {})


def shard_of(*names):
    (shard,) = cut_shards(clips(list(names)), EncoderConfig(), "f")
    return shard


def test_the_clip_that_kills_its_worker_twice_is_blamed_and_all_clips_are_told():
    worker = Worker({"c"})
    found = list(embed_alone(worker, [shard_of(*"abcde")]))
    assert sorted(uri for shard, _ in found for uri in shard.clips["uri"].to_pylist()) == list("abcde")
    ((blamed, message),) = worker.blamed
    assert blamed == ["c"] and "killed 2 workers that were well before" in message


def test_a_clip_whose_workers_are_lost_with_their_machines_is_never_blamed():
    worker = Worker({"a"}, is_crash=False)
    with pytest.raises(AsdError, match="6 workers were lost over a, with their nodes"):
        list(embed_alone(worker, [shard_of("a")]))
    assert worker.blamed == []


def test_the_halves_of_a_shard_hold_its_clips_under_names_of_their_own():
    shard = shard_of("a", "b", "c")
    first, second = halves(shard)
    assert [first.clips["uri"].to_pylist(), second.clips["uri"].to_pylist()] == [["a"], ["b", "c"]]
    assert len({shard.name, first.name, second.name}) == 3
