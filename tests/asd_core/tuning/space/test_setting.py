import pytest

from asd_core.errors import UsageError
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.tuning.space.setting import applied, changed_fields, relevant_fields, setting_text, with_best

BANK = Recipe("bank", {"detector": {"kind": "memory_bank", "k": 4, "density": "least"}, "embedding": {}})


def test_a_setting_keeps_the_fields_of_its_kinds_and_of_tables_without_kinds():
    setting = {"detector.kind": "gmm", "detector.k": 2, "encoder.r": 0.5, "threshold.quantile": 0.9}
    assert relevant_fields(setting) == {name: value for name, value in setting.items() if name != "detector.k"}
    assert relevant_fields({"detector.k": 2}) == {"detector.k": 2}


def test_the_text_of_a_setting_does_not_depend_on_the_order_of_its_fields():
    assert setting_text({"a": 1, "b": 2.0}) == setting_text({"b": 2.0, "a": 1}) != setting_text({"a": 1, "b": 2})


def test_a_setting_goes_over_the_overrides_of_a_machine_type():
    recipe = Recipe("mine", {"machine": {"fan": {"encoder.r": 0.5}}})
    assert '"r": 0.9' in applied(recipe, {"encoder.r": 0.9}, "fan").encoder.options
    assert '"r": 0.5' in applied(recipe, {"detector.n_components": 1}, "fan").encoder.options


def test_a_field_concerns_only_the_kinds_that_have_it():
    setting = {"detector.kind": "gmm", "detector.k": 2, "detector.n_components": 1}
    assert applied(BANK, setting) == applied(BANK, {**setting, "detector.k": 9})
    assert applied(BANK, setting).detector.n_components == 1
    assert applied(BANK, {**setting, "detector.kind": "memory_bank"}).detector.k == 2
    with pytest.raises(UsageError, match="has no key 'n_components'"):
        applied(BANK, {"detector.n_components": 1})


@pytest.mark.parametrize("kind", ["memory_bank", "gmm", "kmeans"])
def test_the_best_settings_make_a_recipe_that_comes_to_the_same(kind):
    recipe = Recipe("mine", {**BANK.settings, "machine": {"fan": {"encoder.r": 0.5, "detector": {"k": 2}}}})
    setting = {"encoder.r": 0.9, "detector.kind": kind, "detector.k": 3, "detector.seed": 7}
    best = with_best(recipe, {"fan": setting, "pump": {**setting, "encoder.r": 1.0}})
    assert best.for_machine("fan") == applied(recipe, setting, "fan")
    assert best.for_machine("pump") == applied(recipe, {**setting, "encoder.r": 1.0}, "pump")
    assert best.for_machine("valve") == recipe.for_machine("valve")
    everywhere = with_best(load_recipe("twfr-knn"), {"": setting})
    assert everywhere.for_machine("any") == applied(load_recipe("twfr-knn"), setting)


def test_with_best_goes_back_to_a_default_that_the_recipe_had_overridden():
    recipe = Recipe("mine", {"detector": {"n_components": 4}, "machine": {"fan": {"detector.n_components": 8}}})
    best = with_best(recipe, {"fan": {"detector.n_components": 4}})
    assert best.for_machine("fan").detector.n_components == 4


def test_the_fields_that_a_setting_changes_are_counted():
    settings = [
        {"detector.k": 4, "detector.density": "least"},
        {"detector.k": 4, "detector.density": "none"},
        {"detector.k": 3, "detector.density": "none", "detector.density_k": 16},
        {"detector.kind": "memory_bank", "embedding.transform": "none"},
        {"detector.kind": "gmm", "detector.n_components": 2, "detector.k": 9},
    ]
    assert changed_fields(BANK, settings) == [0, 1, 2, 0, 2]


def test_a_value_of_a_range_that_is_rounded_is_the_recipes_own():
    recipe = Recipe("mine", {"encoder": {"r": 0.3}, "machine": {"fan": {"encoder.r": 0.7}}})
    settings = [{"encoder.r": 0.1 + 0.2}, {"encoder.r": 0.7}]
    assert changed_fields(recipe, settings) == [0, 1] and changed_fields(recipe, settings, "fan") == [1, 0]
