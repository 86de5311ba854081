from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fit import fit
from asd_core.runs.other_recipes import difference_from, held_instead, held_recipes
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, listed, write_fleet


def test_a_store_tells_the_recipes_of_which_it_holds_scorers_the_last_fitted_first(tmp_path):
    normals, store = listed(write_fleet(tmp_path / "archive"), until=NIGHTS[0]), Store(LocalFiles(tmp_path / "store"))
    assert held_recipes(store) == [] and held_instead(store, KNN) == ""
    recipes = [KNN.with_settings({"detector.k": k}) for k in (4, 3, 2)]
    for recipe in recipes:
        fit(store, recipe, normals, LocalEngine())
    held = held_recipes(store)
    assert [one.key for one in held] == [recipe.key() for recipe in reversed(recipes)]
    assert {one.machines for one in held} == {2} and held[0].fitted_at > held[1].fitted_at
    told = held_instead(store, KNN)
    assert told == (
        f"the store has scorers of {recipes[2].key()} (its recipe has detector.k = 2; --set detector.k=2 takes it), "
        f"{recipes[1].key()} (its recipe has detector.k = 3; --set detector.k=3 takes it)"
    )
    assert held_instead(store, KNN.with_settings({"detector.k": 9})).count("its recipe has") == 3


def test_a_recipe_whose_settings_are_the_same_differs_in_its_name_or_embeddings():
    assert difference_from(KNN, Recipe("mine", KNN.settings)) == "the same settings"
    assert difference_from(KNN, KNN) == "the same settings, on other embeddings"
    assert difference_from(KNN, None) == "no recipe of this version"


def test_of_many_differences_some_are_told():
    changes = {"encoder.r": 0.5, "encoder.n_mels": 64, "encoder.hop": 256, "detector.k": 1}
    told = difference_from(KNN, KNN.with_settings(changes))
    assert told == "its recipe has encoder.r = 0.5, encoder.hop = 256, encoder.n_mels = 64, ..."
