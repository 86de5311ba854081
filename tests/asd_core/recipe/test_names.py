import pytest

from asd_core.errors import UsageError
from asd_core.recipe.names import built_in_recipes, check_recipe_name, key_of


def test_built_in_recipes_are_texts_by_name():
    assert "[encoder]" in built_in_recipes()["twfr-knn"]


def test_names_that_are_no_folder_names_are_refused():
    check_recipe_name("site-1_b.2")
    for name in ("", "a/b", ".hidden", "a b"):
        with pytest.raises(UsageError, match="a recipe's name may hold"):
            check_recipe_name(name)


def test_a_key_is_the_name_and_a_hash_whatever_the_order_of_the_facts():
    assert key_of("mine", {"a": 1, "b": 2}) == key_of("mine", {"b": 2, "a": 1}) != key_of("mine", {"a": 1, "b": 3})
    assert len(key_of("mine", 0)) == len("mine-") + 8
