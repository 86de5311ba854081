import numpy as np

from asd_core.tuning.batches import evaluate_batch, sharing_groups
from asd_core.tuning.space.space import new_space
from asd_core.tuning.stored_results import read_known
from tests.asd_core.tuning.searching import MACHINES, Formula, search_for, store_in


def test_a_batch_is_in_the_store_once_it_is_evaluated(tmp_path):
    store = store_in(tmp_path)
    search, context = search_for(store, machines=MACHINES[:1])
    batch = search.next_batch()
    outcome = evaluate_batch(context, batch, Formula())
    is_known, figures, errors = read_known(store, MACHINES[0].fingerprint).of(batch.setting_ids)
    assert is_known.all() and errors == outcome.errors
    np.testing.assert_array_equal(figures, outcome.figures)
    assert outcome.seconds >= 0 and outcome.commit_seconds > 0


def test_settings_that_share_their_neighbours_stay_together():
    space = new_space({"detector.k": {"low": 1, "high": 30, "step": 1}, "encoder.r": {"grid": [0.5, 1.0]}})
    settings = list(space.grid())
    groups = sharing_groups(settings)
    assert sorted(place for group in groups for place in group) == list(range(60))
    assert [{settings[place]["encoder.r"] for place in group} for group in groups] == [{0.5}, {1.0}]


def test_settings_of_mixed_kinds_can_be_put_in_order():
    settings = [{"detector.kind": "gmm", "detector.n_components": 2}, {"detector.kind": "memory_bank"}, {}]
    assert sorted(place for group in sharing_groups(settings) for place in group) == [0, 1, 2]
