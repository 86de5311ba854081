import json

import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.runs.named_recipes import check_free, find_recipe, keep_recipe, named_recipe, recipe_names
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.ensembles.members import fused


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path / "store"))


def test_a_kept_recipe_comes_back_by_its_name(store):
    assert named_recipe(store, "fused") is None
    keep_recipe(store, fused())
    keep_recipe(store, fused())
    assert named_recipe(store, "fused").key() == fused().key()
    assert recipe_names(store) == ["fused"]


def test_a_name_that_is_taken_is_refused(store):
    keep_recipe(store, fused())
    with pytest.raises(UsageError, match="fused is taken: the store keeps fused-"):
        keep_recipe(store, fused("rank"))
    with pytest.raises(UsageError, match="twfr-knn is the name of a built-in recipe"):
        check_free(store, "twfr-knn")
    with pytest.raises(UsageError, match="a recipe's name may hold"):
        check_free(store, "a/b")


def test_a_recipe_is_built_in_or_kept_and_else_the_nearest_is_named(store):
    assert find_recipe(store, "twfr-knn").name == "twfr-knn"
    with pytest.raises(UsageError, match="no recipe 'fusde'"):
        find_recipe(store, "fusde")
    keep_recipe(store, fused())
    assert find_recipe(store, "fused").key() == fused().key()
    with pytest.raises(UsageError, match="did you mean 'fused'"):
        find_recipe(store, "fusde")


def test_a_broken_file_is_one_line(store):
    keep_recipe(store, fused())
    store.files.write("recipes/fused.json", b"{")
    with pytest.raises(AsdError, match="is no recipe of this version"):
        named_recipe(store, "fused")


def test_weights_that_the_store_keeps_are_found_where_it_lies_now(store):
    encoder = {"kind": "multires", "name": "mine", "digest": "d1", "weights": "/before/trained/mine/d1"}
    members = {name: {"recipe": name, "settings": {"encoder": encoder}} for name in ("a", "b")}
    store.files.write(
        "recipes/f.json", json.dumps({"name": "f", "settings": {"ensemble": {"members": members}}}).encode()
    )
    tables = {"/before/trained/mine/d1": None, f"{store.files.url}/trained/mine/d1": b"{}"}
    for weights, described in tables.items():
        if described is not None:
            store.files.write("trained/mine/d1/encoder.json", described)
        found = named_recipe(store, "f").settings["ensemble"]["members"]["b"]["settings"]["encoder"]
        assert found == {**encoder, "weights": weights}


def test_of_two_recipes_kept_at_the_same_moment_by_one_name_the_second_is_refused(tmp_path):
    class Raced(LocalFiles):
        """Another run keeps a recipe of that name just before."""

        def write_new(self, path, data):
            LocalFiles(self.root).write_new(path, data.replace(b'"z"', b'"rank"'))
            return super().write_new(path, data)

    with pytest.raises(UsageError, match="fused is taken: the store keeps fused-"):
        keep_recipe(Store(Raced(tmp_path)), fused("z"))
