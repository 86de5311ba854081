import numpy as np

from asd_core.tuning.compare_best import COMPARED, compare_best
from tests.asd_core.tuning.searching import GRID, MACHINES, Formula, run, search_for, store_in

FINE = {"encoder.r": {"low": 0.0, "high": 1.0, "step": 0.004}}


def searched(tmp_path, tables=GRID, machines=MACHINES):
    store = store_in(tmp_path)
    return store.files.url, run(*search_for(store, tables, machines=machines), Formula()).results


def test_the_best_cannot_be_told_from_itself_and_the_worst_can(tmp_path):
    url, results = searched(tmp_path)
    found = compare_best(url, results, MACHINES, "auc", 0)
    for scope, own in zip(results, found, strict=True):
        objectives = np.array(scope.objectives)
        best, worst = int(np.nanargmax(objectives)), int(np.nanargmin(objectives))
        assert not own[best].told_apart and own[best].low == 0 == own[best].high
        assert own[worst].told_apart and own[worst].low > 0
        assert own.keys() == set(np.flatnonzero(np.isfinite(objectives)).tolist())


def test_the_best_few_hundred_are_compared_in_parts_anywhere(tmp_path):
    url, results = searched(tmp_path, FINE, MACHINES[:1])
    asked = []

    def elsewhere(function, items):
        asked.extend(items)
        return map(function, asked[1:2])

    found = compare_best(url, results * 3, MACHINES[:1], "auc", 0, elsewhere)
    objectives = np.array(results[0].objectives)
    best = set(np.argsort(-np.nan_to_num(objectives), kind="stable")[:COMPARED].tolist())
    assert len(asked) == 12 and set().union(*(task.places for task in asked[:4])) == best
    assert list(found[0]) == list(asked[1].places) and asked[1].places[0] == np.nanargmax(objectives)
    assert found[1] == found[2] == {}
