import json

import numpy as np
import pytest

from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.errors import AsdError
from asd_core.pipeline.ensembles.combined_files import combine_machine, load_combined
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.pipeline.stored_scorers import training_uris
from tests.asd_core.pipeline.ensembles.fleets import fitted_ensemble


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    _, store, recipe = fitted_ensemble(tmp_path_factory.mktemp("fleet"), machines=("00",))
    (folder,) = newest_versions(store, recipe.key())
    return store, recipe, folder, newest_versions(store, recipe.key())[folder]


def of_members(store, recipe):
    return {name: next(iter(newest_versions(store, one.key()).values())) for name, one in recipe.members.items()}


def test_what_is_loaded_is_what_was_committed(fitted):
    store, recipe, folder, version = fitted
    scorer, again, is_new = combine_machine(store, recipe, "fan", "00", of_members(store, recipe))
    loaded = load_combined(store, folder, version, ThresholdConfig())
    assert (again, is_new, folder) == (version, False, scorer_folder(recipe.key(), "fan", "00"))
    np.testing.assert_array_equal(loaded.unseen, scorer.unseen)
    assert (loaded.threshold, loaded.names, loaded.versions) == (scorer.threshold, scorer.names, scorer.versions)
    assert not loaded.is_judged_anew


def test_a_threshold_that_was_edited_since_is_taken_from_the_same_unseen_scores(fitted):
    store, _, folder, version = fitted
    loaded = load_combined(store, folder, version, ThresholdConfig(quantile=0.5))
    assert loaded.is_judged_anew
    assert loaded.threshold == np.sort(loaded.unseen)[4]  # the 5th of 8


def test_the_clips_that_members_learnt_are_no_test(fitted):
    store, recipe, folder, version = fitted
    learnt = training_uris(store, {folder: version})
    assert len(learnt) == 8
    head = json.loads(store.files.read(f"{folder}/{version}/scorer.json"))
    assert list(head["members"]) == ["near", "spread"]


def test_a_member_without_a_scorer_is_named(fitted):
    store, recipe, _, _ = fitted
    with pytest.raises(AsdError, match="no scorer of member spread"):
        combine_machine(store, recipe, "fan", "00", {"near": of_members(store, recipe)["near"]})


def test_bytes_that_changed_are_refused(fitted):
    store, _, folder, version = fitted
    with pytest.raises(AsdError, match="has changed since"):
        load_combined(store, folder, version[:-1] + "z", ThresholdConfig())
