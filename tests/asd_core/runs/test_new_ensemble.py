import pytest

from asd_core.errors import UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.combine import combine
from asd_core.runs.fit import fit
from asd_core.runs.new_ensemble import new_ensemble
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.ensembles.members import fused
from tests.fleet import KNN, NIGHTS, fitted, listed


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    archive, store = fitted(tmp_path_factory.mktemp("fleet"))
    for recipe in (fused().members["spread"], KNN.with_settings({"detector.k": 3})):
        fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    combine(store, fused(), LocalEngine())
    return store, {"near": KNN.key(), "spread": fused().members["spread"].key()}


def test_members_are_the_recipes_that_the_store_holds(held):
    store, keys = held
    found = new_ensemble(store, "fused", keys, {"near": 2}, "z")
    assert {name: one.key() for name, one in found.members.items()} == keys
    assert found.key() == fused(near=2.0).key()


def test_a_name_of_one_key_will_do(held):
    store, keys = held
    assert new_ensemble(store, "f", keys | {"spread": "twfr-gmm"}, {}, "z").members["spread"].key() == keys["spread"]


@pytest.mark.parametrize(
    ("members", "weights", "line"),
    [
        ({"near": "twfr-knn-00000000"}, {}, "no scorers of such a KEY; did you mean 'twfr-knn-"),
        ({"near": "twfr-knn"}, {}, "several KEYs of that name: twfr-knn-"),
        ({"fused": "fused"}, {}, "is an ensemble itself"),
        ({"spread": "twfr-gmm"}, {}, "two recipes or more, got 1"),
        ({"a": "twfr-gmm", "b": "twfr-gmm"}, {"c": 1.0}, "--weight c=...: there is no such member; known: a, b"),
        ({"a": "twfr-gmm", "b": "twfr-gmm"}, {"b": -1.0}, "the weight of member b is -1"),
        ({"a": "twfr-gmm", "b": "twfr-gmm"}, {"b": float("nan")}, "weight is not a number"),
        ({"a": "twfr-gmm", "b": "twfr-gmm"}, {"a": 0.0, "b": 0.0}, "every weight is 0"),
    ],
)
def test_what_cannot_be_combined_is_one_line(held, members, weights, line):
    with pytest.raises(UsageError, match=line):
        new_ensemble(held[0], "new", members, weights, "z")


def test_a_store_without_scorers_says_how_to_get_some(tmp_path):
    with pytest.raises(UsageError, match="holds no scorers yet"):
        new_ensemble(Store(LocalFiles(tmp_path)), "new", {"a": "x", "b": "y"}, {}, "z")
