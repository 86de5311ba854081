import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.errors import AsdError
from asd_core.recipe.recipe import Recipe, built_in_recipes, load_recipe
from asd_core.recipe.text import recipe_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def reloaded(tmp_path, recipe, remarks=()):
    path = tmp_path / f"{recipe.name}.toml"
    path.write_text(recipe_text(recipe, remarks), encoding="utf-8")
    return load_recipe(str(path))


@pytest.mark.parametrize("name", sorted(built_in_recipes()))
def test_a_written_recipe_is_the_recipe(tmp_path, name):
    recipe = load_recipe(name)
    again = reloaded(tmp_path, recipe)
    assert again.settings == recipe.settings
    assert again.resolved() == recipe.resolved()


@given(
    kinds=st.dictionaries(TEXT, st.floats(0, 2), max_size=3),
    clip_seconds=st.floats(1e-3, 1e4),
    strict=st.booleans(),
    remarks=st.lists(st.text(max_size=30), max_size=3),
)
def test_any_settings_and_names_of_machines_come_back(tmp_path_factory, kinds, clip_seconds, strict, remarks):
    settings = {
        "encoder": {"r": 1.0, "clip_seconds": clip_seconds},
        "detector": {"kind": "gmm", "strict": strict, "n_components": 3},
        "machine": {kind: {"encoder.r": r, "encoder": {"hop": 256}} for kind, r in kinds.items()},
    }
    recipe = Recipe("site", settings)
    assert {"machine": {}, **reloaded(tmp_path_factory.mktemp("r"), recipe, remarks).settings} == recipe.settings


def test_strings_are_escaped(tmp_path):
    recipe = Recipe("site", {"encoder": {"kind": "imported", "name": 'a "b"\n\\ \x7f \t é 🎧'}})
    assert reloaded(tmp_path, recipe).settings == recipe.settings


def test_remarks_are_comments_whatever_they_hold(tmp_path):
    recipe = load_recipe("twfr-gmm")
    text = recipe_text(recipe, ["chosen by a search", 'two\nlines\x1b[31m = "x"', ""])
    assert text.startswith('# chosen by a search\n# two\n# lines [31m = "x"\n#\n\n[encoder]\n')
    assert reloaded(tmp_path, recipe, ["[detector]\nk = 3"]).settings == recipe.settings


def test_a_name_that_is_no_unicode_is_one_line():
    with pytest.raises(AsdError, match=r"cannot be written into a recipe.*'\\udcff'"):
        recipe_text(Recipe("site", {"machine": {"fan\udcff": {"encoder.r": 0.5}}}))
