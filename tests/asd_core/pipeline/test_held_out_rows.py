from dataclasses import replace

import numpy as np
import pytest

from asd_core.encoders.head.stored import NewHead
from asd_core.pipeline.held_out_rows import held_out_rows
from asd_core.pipeline.scorer import fit_scorer
from asd_core.pipeline.scorer_files import load_scorer, save_scorer, scorer_folder
from asd_core.recipe.machine_recipe import EmbeddingConfig
from asd_core.recipe.recipe import Recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.heads import small_arrays, stored_heads

CLIPS = [f"clip {number}" for number in range(40)]
MACHINE = ("fan", "07")


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def head(store, held_out):
    new = NewHead("fan", ("07",), {"fan": {"07": [0]}}, small_arrays(classes=1), held_out)
    return EmbeddingConfig("head", stored_heads(store, new))


def test_rows_are_those_that_the_head_was_not_trained_on(store):
    rows, notes = held_out_rows(head(store, CLIPS[5:17]), MACHINE, CLIPS)
    assert rows.tolist() == list(range(5, 17))
    assert notes == ["the threshold is from 12 clips that the head was not trained on"]


def test_with_too_few_of_them_all_are_taken_and_a_line_says_what_to_expect(store):
    rows, (note,) = held_out_rows(head(store, CLIPS[:9]), MACHINE, CLIPS)
    assert rows is None and "(9 of 40 were held out, 10 are needed): expect twice the false alarms" in note
    assert held_out_rows(head(store, CLIPS[:12]), MACHINE, CLIPS, is_segmented=True)[0] is None
    assert held_out_rows(EmbeddingConfig(), MACHINE, CLIPS) == (None, [])


def test_a_scorer_takes_its_threshold_from_clips_held_out_and_keeps_whose_scores_they_are(store):
    settings = {"detector": {"kind": "memory_bank", "k": 1}}
    recipe = Recipe("mine", settings).for_machine("fan")
    recipe = replace(recipe, embedding=head(store, CLIPS[:20]))
    rows = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    rows[20:] *= 0.01  # trained on, and near to one another
    uris = [f"file:///{number:02d}" for number in reversed(range(40))]
    scorer = fit_scorer(*MACHINE, recipe, "f", rows, np.full(40, "source"), uris, clip_ids=CLIPS)
    assert len(scorer.unseen) == 20 and scorer.unseen_uris == sorted(uris[:20])
    own, _ = scorer.score(rows[20:])
    assert scorer.threshold > own.max()
    version, _ = save_scorer(store, "key", scorer)
    loaded = load_scorer(store, scorer_folder("key", *MACHINE), version, recipe, "f")
    assert loaded.unseen_uris == scorer.unseen_uris
    np.testing.assert_array_equal(loaded.score(rows)[0], scorer.score(rows)[0])
