from asd_core.notebook.opening import loaded, opened
from asd_core.recipe.recipe import load_recipe
from asd_core.store.store import open_store


def test_a_name_and_the_thing_itself_are_the_same(tmp_path):
    recipe, store = load_recipe("twfr-knn"), open_store(str(tmp_path))
    assert loaded(recipe, store) is recipe and loaded("twfr-knn", store).key() == recipe.key()
    assert opened(store) is store and opened(str(tmp_path)).files.url == store.files.url
