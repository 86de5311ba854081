import os
from contextlib import closing
from functools import partial

import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.cluster.loud_clips import rows, shards_of
from tests.cluster.noise_clips import rows as rows_by_id
from tests.cluster.noise_clips import shards_of as shards_of_noise


@pytest.fixture
def engine():
    with closing(ProcessEngine(2, here_seconds=0.0)) as made:
        yield made


def test_processes_commit_the_rows_of_one_process_to_the_bit(engine, tmp_path):
    stores = [Store(LocalFiles(tmp_path / name)) for name in ("processes", "local")]
    told = []
    for store, chosen in zip(stores, (engine, LocalEngine()), strict=True):
        outcomes = [outcome for _, outcome in chosen.embed(store.files.url, shards_of_noise(tmp_path, chosen.workers))]
        told.append(sorted(clip_id for outcome in outcomes for clip_id in (*outcome.errors, *outcome.transient)))
    assert rows_by_id(stores[0]) == rows_by_id(stores[1])
    assert len(rows_by_id(stores[0])) == 11 and told[0] == told[1] and len(told[0]) == 2


def test_a_clip_that_kills_its_process_is_one_error_row_and_no_good_clip_is_blamed(engine, tmp_path):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud={7}, count=12)
    committed = list(engine.embed(store.files.url, shards))
    found = rows(store)
    assert len(found) == sum(len(shard.clips) for shard, _ in committed) == 12
    errors = {row["uri"].rsplit("/")[-1]: row["error_reason"] for row in found.values() if row["error_reason"]}
    assert errors == {"7.wav": "crashed"}


def test_an_encoder_that_raises_is_said_at_once_and_blames_no_clip(engine, tmp_path):
    store, shards = Store(LocalFiles(tmp_path / "store")), shards_of(tmp_path, loud=set(), kind="Fails", count=12)
    with pytest.raises(AsdError, match="an encoder failed: weights do not fit"):
        list(engine.embed(store.files.url, shards))
    assert rows(store) == {}


def test_results_of_a_map_come_in_the_order_of_the_items_wherever_they_are_made(engine):
    with closing(ProcessEngine(2)) as patient:
        assert list(patient.map(_pid, range(5))) == [os.getpid()] * 5
    assert list(engine.map(partial(pow, 2), range(20))) == [2**i for i in range(20)]
    assert os.getpid() not in list(engine.map(_pid, range(5)))


def test_a_failure_in_a_worker_is_the_same_failure_here(engine):
    with pytest.raises(AsdError, match="^no such thing$"):
        list(engine.map(_fail, [AsdError("no such thing")]))
    with pytest.raises(AsdError, match="^a worker failed: a bug$"):
        list(engine.map(_fail, [ValueError("a bug")]))


def test_a_map_that_kills_its_worker_twice_ends_in_one_line(engine):
    with pytest.raises(AsdError, match="a worker process died, twice over the same work.*goes on from what"):
        list(engine.map(os._exit, [1, 1]))


def _pid(item):
    return os.getpid()


def _fail(error):
    raise error
