import json

import pyarrow as pa
import pytest

from asd_core.pipeline.machine_fits import fit_machines
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.committed import commit, task


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_a_training_clip_that_is_broken_is_not_learnt_from(store):
    clips = commit(store, ["a"], count=5, broken=["a-2026-11-01-0"])
    (outcome,) = fit_machines(task(store, clips))
    assert (outcome.normal_clips, outcome.version[:7], outcome.is_new) == (4, "v000001", True)


@pytest.mark.parametrize(
    ("dates", "told"), [(["2026-11-01", "2026-11-02"], "night"), (["2026-11-01"], "clip"), (["undated"], "clip")]
)
def test_whole_nights_are_left_out_where_several_are_known_and_the_scorer_says_so(store, dates, told):
    clips = pa.concat_tables([commit(store, ["a"], date=date, shard=date) for date in dates])
    (outcome,) = fit_machines(task(store, clips))
    head = json.loads(store.files.read(f"{scorer_folder('key', 'fan', 'a')}/{outcome.version}/scorer.json"))
    assert (outcome.left_out, head.get("left_out", "clip")) == (told, told)
