import numpy as np
import pytest

from asd_core.errors import AsdError
from asd_core.recipe.recipe import load_recipe
from asd_core.store.tables import from_parquet
from asd_core.tuning.evaluate_settings import SettingScore
from asd_core.tuning.stored_results import (
    TUNING,
    commit_scores,
    ranks_of,
    read_known,
    read_ranks,
    results_folder,
    setting_ids,
)
from tests.asd_core.tuning.searching import KNN, Machine, store_in

FAN = Machine("fan", "00")
GMM = load_recipe("twfr-gmm")
SCORES = [
    SettingScore({"detector.k": 1}, 0.9, 0.8, clip_scores=np.array([0.5, 2.0, 0.5, -1.0]), seconds=0.1),
    SettingScore({"detector.k": 2}, 0.7, 0.6, 0.75, 0.65, clip_scores=np.arange(4.0), seconds=0.2),
    SettingScore({"detector.k": 99}, error="only 30 normal clips", seconds=0.0),
]


def test_a_batch_comes_back_as_it_was_committed(tmp_path):
    store = store_in(tmp_path)
    commit_scores(store, FAN, ["a", "b", "c"], SCORES)
    known = read_known(store, FAN.fingerprint)
    is_known, figures, errors = known.of(["b", "c", "x", "a"])
    assert is_known.tolist() == [True, True, False, True] and errors == {1: "only 30 normal clips"}
    np.testing.assert_array_equal(figures[[3, 0]], [[0.9, 0.8, np.nan, np.nan], [0.7, 0.6, 0.75, 0.65]])
    assert np.isnan(figures[1:3]).all()


def test_ranks_are_kept_of_settings_that_have_scores(tmp_path):
    store = store_in(tmp_path)
    commit_scores(store, FAN, ["a", "b", "c"], SCORES)
    found = read_ranks(store, FAN.fingerprint, ["a", "c", "x"])
    assert {name: ranks.tolist() for name, ranks in found.items()} == {"a": [1, 2, 1, 0]}
    assert ranks_of(np.array([3.0, 3.0, -1.0])).tolist() == [1, 1, 0]


def test_rows_keep_to_their_schema_and_what_is_missing_is_null(tmp_path):
    store = store_in(tmp_path)
    commit_scores(store, FAN, ["a", "b", "c"], SCORES)
    (info,) = store.files.list("tuning")
    rows = from_parquet(store.files.read(info.path))
    assert rows.schema.equals(TUNING)
    assert rows["auc_source"].to_pylist() == [None, 0.75, None] and rows["clip_ranks"].null_count == 1


def test_the_same_batch_committed_twice_is_one_file(tmp_path):
    store = store_in(tmp_path)
    for _ in range(2):
        commit_scores(store, FAN, ["a", "b", "c"], SCORES)
    assert len(store.files.list(results_folder(FAN.fingerprint))) == 1
    assert len(read_known(store, FAN.fingerprint).figures) == 3


def test_nothing_is_known_of_clips_that_were_never_searched_on(tmp_path):
    known = read_known(store_in(tmp_path), "0" * 32)
    assert known.figures.shape == (0, 4) and known.of(["a"])[0].tolist() == [False]


def test_a_broken_file_is_one_line_that_says_what_to_do(tmp_path):
    store = store_in(tmp_path)
    commit_scores(store, FAN, ["a", "b", "c"], SCORES)
    (info,) = store.files.list("tuning")
    store.files.write(info.path, b"PAR1 the disk was full")
    with pytest.raises(AsdError, match="gone or broken: remove it") as refused:
        read_known(store, FAN.fingerprint)
    assert "\n" not in str(refused.value)


def test_settings_that_come_to_the_same_recipe_have_one_id():
    one, two, three = setting_ids(KNN, [{"encoder.r": 1}, {"encoder.r": 1.0}, {"encoder.r": 1.0, "detector.k": 4}], "v")
    assert one == two == three  # k = 4 is the recipe's own
    kinds = [{"detector.kind": "gmm", "detector.k": k, "detector.n_components": 2} for k in (1, 2)]
    assert len(set(setting_ids(KNN, kinds, "v"))) == 1


def test_another_setting_recipe_or_code_has_another_id():
    settings = [{"encoder.r": 0.5}, {"encoder.r": 0.6}, {"detector.k": 8}, {"embedding.transform": "log-zscore"}]
    ids = setting_ids(KNN, settings, "v")
    assert len({*ids, *setting_ids(GMM, settings[:2], "v"), *setting_ids(KNN, settings, "w")}) == 10
    assert ids == setting_ids(KNN, settings, "v")


def test_captions_and_batch_size_change_no_id():
    other = KNN.with_settings({"captions.k": 3, "encoder.batch_size": 8})
    assert setting_ids(other, [{"encoder.r": 0.5}], "v") == setting_ids(KNN, [{"encoder.r": 0.5}], "v")
