import numpy as np
import pytest

from asd_core.pipeline.embed_missing import Embedded
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.store.store import open_store
from asd_core.store.tables import embedding_matrix
from asd_core.tuning.gather.from_store import embed_all, stored_rows
from tests.asd_core.runs.feature_files import write_npz

IMPORTED = Recipe("mine", {"encoder": {"kind": "imported", "name": "here"}})


@pytest.fixture
def store(tmp_path):
    store = open_store(str(tmp_path / "store"))
    import_embeddings(store, "here", [write_npz(tmp_path / "features")])
    return store


def embedded(store) -> Embedded:
    clips = stored_clips(store, IMPORTED)
    return embed_all(store, IMPORTED.for_machine("fan").encoder, clips, LocalEngine(), lambda *progress: None)


def test_embeddings_come_in_the_order_of_the_clips_asked_for(store):
    found = embedded(store)
    table = store.read_shard(found.fingerprints["fan"], found.clips["shard"][0].as_py())
    ids = table["clip_id"].to_pylist()
    array, outcomes = stored_rows(store, found, ids[::-1])
    np.testing.assert_array_equal(array, np.asarray(embedding_matrix(table))[::-1])
    assert len(array) == 50 and all(one.reason is None for one in outcomes)


def test_a_clip_without_an_embedding_is_not_a_number_and_may_have_one_later(store):
    found = embedded(store)
    first = found.clips["clip_id"][0].as_py()
    array, (known, unknown) = stored_rows(store, found, [first, "0" * 32])
    assert np.isfinite(array[0]).all() and np.isnan(array[1]).all()
    assert known.reason is None and (unknown.reason, unknown.transient) == ("not_embedded", True)
    assert "run asd embed" in unknown.message
