import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.stored_keys import as_stored, newest_fits, recipe_of
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, by_uri, listed, write_fleet


@pytest.fixture
def plant(tmp_path):
    archive = write_fleet(tmp_path / "archive", machines=["00"])
    return listed(archive, until=NIGHTS[1]), listed(archive, date=NIGHTS[2]), Store(LocalFiles(tmp_path / "store"))


def edited(quantile, **more):
    return KNN.with_settings({"threshold.quantile": quantile, **more})


def of_before(recipe):
    """The recipe under the KEY by which version 0.1 fitted it."""
    return Recipe(recipe.name, recipe.settings, recipe.former_key())


def test_a_recipe_that_no_store_of_before_holds_keeps_its_own_key(plant):
    normals, _, store = plant
    assert as_stored(store, edited(0.95)).key() == KNN.key()
    fit(store, KNN, normals, LocalEngine())
    recipe = edited(0.95)
    assert as_stored(store, recipe) is recipe


def test_a_store_of_before_goes_on_under_its_key_whatever_its_threshold_becomes(plant):
    normals, night, store = plant
    former = of_before(edited(0.95))
    fit(store, former, normals, LocalEngine())
    score(store, former, night, LocalEngine())
    for recipe in (edited(0.95), edited(0.99), KNN):
        assert as_stored(store, recipe).key() == former.key() != KNN.key()
    assert score(store, as_stored(store, edited(0.95)), night, LocalEngine())["already_complete"]
    again = score(store, as_stored(store, edited(0.5)), night, LocalEngine())
    assert again["counts"]["scored"] == 4 and not again["already_complete"]
    assert by_uri(store.scores(former.key())) == by_uri(store.read_scores(again))


def test_another_recipe_is_not_taken_for_the_stored_one(plant):
    normals, _, store = plant
    fit(store, of_before(edited(0.95)), normals, LocalEngine())
    other = edited(0.95, **{"detector.k": 2})
    assert as_stored(store, other) is other
    renamed = Recipe("site", edited(0.95).settings)
    assert as_stored(store, renamed) is renamed


def test_defaults_that_are_written_out_keep_the_key_that_the_store_has(plant):
    normals, _, store = plant
    fit(store, KNN, normals, LocalEngine())
    in_full = KNN.with_settings({"encoder.n_mels": 128, "encoder.batch_size": 8, "detector.metric": "euclidean"})
    assert in_full.key() != KNN.key() == as_stored(store, in_full).key()
    other = in_full.with_settings({"encoder.n_mels": 64})
    assert as_stored(store, other) is other


def test_where_a_store_holds_both_keys_each_recipe_keeps_the_one_that_it_had(plant):
    normals, _, store = plant
    former = of_before(edited(0.95))
    for recipe in (former, KNN):
        fit(store, recipe, normals, LocalEngine())
    assert as_stored(store, edited(0.95)).key() == former.key()
    assert as_stored(store, KNN).key() == as_stored(store, edited(0.99)).key() == KNN.key()


def test_the_last_fit_of_each_key_is_found_and_its_recipe_comes_back(plant):
    normals, _, store = plant
    for recipe in (KNN, edited(0.9, **{"detector.k": 2})):
        fit(store, recipe, normals, LocalEngine())
    found = [recipe_of(store.record(entry)) for entry in newest_fits(store)]
    assert [recipe.for_machine("").detector.k for recipe in found] == [2, 4]
    assert recipe_of({}) is None and recipe_of({"recipe": {"name": "old", "settings": {"gone": {}}}}) is None
