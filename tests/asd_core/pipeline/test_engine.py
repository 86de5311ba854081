import os
from functools import partial

import pytest

from asd_core.encoders.config import EncoderConfig
from asd_core.errors import UsageError
from asd_core.pipeline.engine import LocalEngine, tracked
from asd_core.pipeline.planning import cut_shards, missing
from asd_core.store.layout import shard_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, clip_path, listed, write_fleet


def test_results_come_in_the_order_of_the_items_and_one_at_a_time():
    seen = []
    results = LocalEngine().map(seen.append, [1, 2])
    assert seen == []
    assert list(results) == [None, None] and seen == [1, 2]
    assert list(LocalEngine().map(partial(pow, 2), range(5))) == [1, 2, 4, 8, 16]


def test_progress_is_told_when_an_item_is_done_and_not_before():
    told = []
    items = tracked("ab", "scoring", 2, lambda *progress: told.append(progress))
    assert next(items) == "a" and told == []
    assert list(items) == ["b"] and told == [("scoring", 1, 2), ("scoring", 2, 2)]


def test_shards_are_committed_as_their_outcomes_come(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1], clips=8)
    store = Store(LocalFiles(tmp_path / "store"))
    shards = cut_shards(listed(archive), KNN.for_machine("fan").encoder, "f")
    outcomes = LocalEngine().embed(store.files.url, shards)
    assert len(shards) == 2 and store.files.list("embeddings") == []
    _, first = next(outcomes)
    assert [info.path for info in store.files.list("embeddings")] == [shard_path("f", first.name)]
    assert {first.name, next(outcomes)[1].name} == {shard.name for shard in shards}


def test_an_encoder_that_cannot_be_had_is_said_at_the_first_shard(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    shards = cut_shards(listed(archive), EncoderConfig(kind="no_such_package.module:Class"), "f")
    with pytest.raises(UsageError, match="cannot be imported"):
        list(LocalEngine().embed(str(tmp_path / "store"), shards))


def test_a_clip_that_a_run_at_the_same_time_could_not_read_is_tried_again_and_never_lost(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", ["00"], NIGHTS[:1]), Store(LocalFiles(tmp_path / "store"))
    clips = listed(archive)
    gone = clip_path(archive, "00", NIGHTS[0], 2)
    data, moment = gone.read_bytes(), gone.stat().st_mtime_ns
    gone.unlink()
    (shard,) = cut_shards(clips, KNN.for_machine("fan").encoder, "f")
    list(LocalEngine().embed(store.files.url, [shard]))  # the other run, which commits the shard without it
    gone.write_bytes(data)
    os.utime(gone, ns=(moment, moment))
    ((_, outcome),) = LocalEngine().embed(store.files.url, [shard])
    assert [reason for reason, _ in outcome.transient.values()] == ["not_committed"]
    assert missing(clips, store.embedded("f"))["uri"].to_pylist() == [gone.as_uri().replace("=", "%3D")]
