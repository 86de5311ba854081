import pytest

from asd_core.errors import UsageError
from asd_core.recipe.names import built_in_recipes, check_recipe_name


def test_built_in_recipes_are_texts_by_name():
    assert "[encoder]" in built_in_recipes()["twfr-knn"]


def test_names_that_are_no_folder_names_are_refused():
    check_recipe_name("site-1_b.2")
    for name in ("", "a/b", ".hidden", "a b"):
        with pytest.raises(UsageError, match="a recipe's name may hold"):
            check_recipe_name(name)
