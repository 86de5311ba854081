from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.errors import UsageError
from asd_core.evaluation.evaluate import evaluate
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.embed import stored_clips
from asd_core.runs.embedding_files import paths_of
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.runs.feature_files import recipe_for, write_npz, write_parquet
from tests.fleet import files_of

# Mean distance to the 4 nearest of the natural logarithm's z-scores: AUC and pAUC as they were published with the
# modulation features (data/README.md).
PUBLISHED = {
    ("ToyCar", "01"): (0.892, 0.688),
    ("ToyCar", "02"): (0.967, 0.879),
    ("ToyCar", "03"): (0.889, 0.671),
    ("ToyCar", "04"): (0.991, 0.951),
    ("fan", "00"): (0.598, 0.495),
    ("fan", "02"): (0.821, 0.633),
    ("fan", "04"): (0.638, 0.521),
    ("fan", "06"): (0.806, 0.556),
    ("slider", "00"): (0.988, 0.938),
    ("slider", "02"): (0.856, 0.561),
    ("slider", "04"): (0.982, 0.908),
    ("slider", "06"): (0.802, 0.516),
}


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path / "store"))


def test_a_machine_a_file_with_its_splits_and_conditions(store, tmp_path):
    counts = import_embeddings(store, "here", [write_npz(tmp_path), write_npz(tmp_path, "ToyCar_section_01")])
    assert (counts["listed"], counts["decoded"], counts["errors"], counts["machines"]) == (100, 100, 0, 2)
    assert counts["embedding_dim"] == 8
    clips = stored_clips(store, recipe_for())
    found = clips.group_by(["machine_type", "machine_id", "split", "condition"]).aggregate([("uri", "count")])
    assert {tuple(row.values()) for row in found.to_pylist()} >= {("fan", "00", "train", "normal", 30)}
    assert {row["uri_count"] for row in found.to_pylist() if row["split"] == "test"} == {10}
    assert len(found) == 6


def test_a_second_import_adds_no_file(store, tmp_path):
    paths = [write_npz(tmp_path), write_parquet(tmp_path / "more.parquet", dim=8)]
    import_embeddings(store, "here", paths)
    before = files_of(tmp_path / "store")
    again = import_embeddings(store, "here", paths)
    assert (again["listed"], again["decoded"]) == (56, 0)
    assert files_of(tmp_path / "store") == before


def test_a_file_that_grew_adds_only_its_new_rows(store, tmp_path):
    uris = [f"clip-{i}" for i in range(6)]
    first, whole = pa.table({}), write_parquet(tmp_path / "a.parquet", uri=uris)
    first = pq.read_table(whole).slice(0, 4)
    pq.write_table(first, tmp_path / "first.parquet")
    assert import_embeddings(store, "here", [tmp_path / "first.parquet"])["decoded"] == 4
    assert import_embeddings(store, "here", [whole])["decoded"] == 2


def test_a_clip_stored_with_another_embedding_is_refused(store, tmp_path):
    import_embeddings(store, "here", [write_npz(tmp_path)])
    with pytest.raises(UsageError, match="train/000000 is stored as here with another embedding: take another"):
        import_embeddings(store, "here", [write_npz(tmp_path, seed=1)])
    assert import_embeddings(store, "there", [write_npz(tmp_path, seed=1)])["decoded"] == 50


def test_embeddings_of_another_length_are_refused(store, tmp_path):
    short, long = write_npz(tmp_path), write_npz(tmp_path, "fan_id_01", dim=(4, 3))
    with pytest.raises(UsageError, match="fan_id_01.npz holds embeddings of 12 dimensions, here of 8"):
        import_embeddings(store, "here", [short, long])
    with pytest.raises(UsageError, match="of 12 dimensions, here of 8"):  # a broken import is remembered
        import_embeddings(store, "here", [long])


def test_rows_that_are_not_finite_become_error_rows(store, tmp_path):
    rows = [[1.0, 2.0], [float("nan"), 1.0], [float("inf"), 1.0], [2.0, 2.0], [3.0, 1.0], [None, 1.0]]
    path = write_parquet(tmp_path / "a.parquet", embedding=rows, split=["train"] * 3 + [None] * 3)
    counts = import_embeddings(store, "here", [path])
    assert (counts["listed"], counts["embedded"], counts["errors_by_reason"]) == (6, 3, {"embedding_not_finite": 3})
    fit(store, recipe_for(), stored_clips(store, recipe_for()), LocalEngine())
    record = score(store, recipe_for(), stored_clips(store, recipe_for()), LocalEngine())
    assert record["counts"]["errors_by_reason"] == {"embedding_not_finite": 3} and record["counts"]["scored"] == 3


def test_powers_are_told_apart_after_a_log_zscore(store, tmp_path):
    import_embeddings(store, "here", [write_npz(tmp_path, train=200, normal=100, anomalous=100)])
    recipe = recipe_for(**{"embedding.transform": "log-zscore"})
    clips = stored_clips(store, recipe)
    fit(store, recipe, clips.filter([split == "train" for split in clips["split"].to_pylist()]), LocalEngine())
    record = score(store, recipe, clips, LocalEngine())
    assert evaluate(store.read_scores(record)).machines[0].auc > 0.95


def test_the_published_figures_come_out_on_ray(ray_session, real_data, tmp_path):
    from cluster.engine import RayEngine

    store, engine = Store(LocalFiles(tmp_path / "store")), RayEngine()
    recipe = recipe_for(**{"embedding.transform": "log-zscore", "detector.k": 4})
    paths = list(paths_of([str(real_data / "dcase2020_dev_modspec_features")]))
    assert import_embeddings(store, "here", paths)["machines"] == 12
    clips = stored_clips(store, recipe)
    is_train = pa.array([split == "train" for split in clips["split"].to_pylist()])
    fit(store, recipe, clips.filter(is_train), engine)
    record = score(store, recipe, clips.filter(pa.compute.invert(is_train)), engine, job="evaluate")
    machines = evaluate(store.read_scores(record), "dcase2020").machines
    found = {(machine.machine_type, machine.machine_id): (machine.auc, machine.pauc) for machine in machines}
    assert found.keys() == PUBLISHED.keys()
    np.testing.assert_allclose([found[m] for m in PUBLISHED], list(PUBLISHED.values()), atol=0.002)


def at_once(*imports):
    """Run imports at the same time; what each came to, or why it was refused."""

    def outcome(one):
        try:
            return one()["decoded"]
        except UsageError as error:
            return str(error)

    with ThreadPoolExecutor(len(imports)) as pool:
        return list(pool.map(outcome, imports))


def test_of_two_imports_at_once_of_one_name_the_second_is_compared_with_the_first(store, tmp_path):
    short, long = write_npz(tmp_path), write_npz(tmp_path, "fan_id_01", dim=(4, 3))
    found = at_once(*(partial(import_embeddings, store, "here", [path]) for path in (short, long)))
    (refused,) = [one for one in found if isinstance(one, str)]
    assert 50 in found and "take another --encoder name" in refused
    fingerprint = store.encoder_names()["here"]["fingerprint"]
    shards = {row["shard"] for row in store.embedded(fingerprint).to_pylist()}
    lengths = {len(row) for shard in shards for row in store.read_shard(fingerprint, shard)["embedding"].to_pylist()}
    assert lengths == {store.encoder_names()["here"]["embedding_dim"]}


def test_two_imports_at_once_of_two_names_are_both_kept(store, tmp_path):
    path = write_npz(tmp_path)
    assert at_once(*(partial(import_embeddings, store, name, [path]) for name in ("a", "b"))) == [50, 50]
    assert store.encoder_names().keys() == {"a", "b"}


def test_of_two_imports_at_once_of_the_same_clip_one_is_refused(store, tmp_path):
    paths = [write_npz(tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    found = at_once(*(partial(import_embeddings, store, "here", [path]) for path in paths))
    assert 50 in found and any("is stored as here with another embedding" in str(one) for one in found)
