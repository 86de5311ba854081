import tomllib

import pytest

from asd_core.recipe.fields import scorer_fields
from asd_core.recipe.full_text import about, full_text
from asd_core.recipe.recipe import Recipe, built_in_recipes, load_recipe


@pytest.mark.parametrize("name", built_in_recipes())
def test_a_recipe_written_in_full_and_saved_is_the_same_recipe(name, tmp_path):
    recipe = load_recipe(name)
    path = tmp_path / f"{name}.toml"
    path.write_text(full_text(recipe, "two\nremarks"))
    again = load_recipe(str(path))
    assert scorer_fields(again) == scorer_fields(recipe) and again.judgement() == recipe.judgement()
    assert again.for_machine("").captions == recipe.for_machine("fan").captions


def test_machine_types_keep_their_overrides():
    recipe = Recipe("mine", {"detector": {"kind": "memory_bank"}, "machine": {"fan 1": {"detector.k": 2}}})
    again = Recipe("mine", tomllib.loads(full_text(recipe)))
    assert scorer_fields(again) == scorer_fields(recipe) and again.overrides("fan 1") == {"detector.k": 2}


def test_each_field_tells_its_meaning_its_value_and_where_that_comes_from():
    lines = full_text(load_recipe("twfr-knn").with_settings({"detector.k": 8, "encoder.channel": 1})).splitlines()
    at = {line.partition(" = ")[0]: place for place, line in reversed([*enumerate(lines)])}
    assert lines[at["k"] - 1] == "# distances that are averaged [set; default 4]" and lines[at["k"]] == "k = 8"
    assert lines[at["channel"] - 1].endswith("[set; default none]")
    assert lines[at["density_k"] - 1].endswith("[default]") and "# f_max = none" in lines
    assert max(map(len, lines)) <= 120


def test_a_recipe_tells_what_it_is_by_the_comment_above_it():
    assert about("# One line\n#\n# and more.\n[encoder]\n# not this\n") == "One line\n\nand more."
    assert about("[encoder]\n") == "" and all(about(text) for text in built_in_recipes().values())
