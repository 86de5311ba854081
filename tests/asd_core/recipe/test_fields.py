import pytest

from asd_core.recipe.fields import differences, fields_of, meanings, scorer_fields, settings_towards, shown
from asd_core.recipe.machine_recipe import TABLES, TEACHING, keys_of
from asd_core.recipe.recipe import Recipe, built_in_recipes, load_recipe

KNN = load_recipe("twfr-knn")


def by_name(recipe):
    return {(one.table, one.name): one for one in fields_of(recipe)}


@pytest.mark.parametrize("name", built_in_recipes())
def test_every_field_of_a_recipe_is_there_once_with_its_kind_first(name):
    recipe = load_recipe(name)
    fields = fields_of(recipe)
    names = [(one.table, one.name) for one in fields]
    tables = dict.fromkeys(table for table, _ in names)
    assert len(set(names)) == len(names) and [one for one in TABLES if one in tables or one not in TEACHING] == list(
        tables
    )
    for table in ("encoder", "detector"):
        own = [name for place, name in names if place == table]
        kind = by_name(recipe)[table, "kind"].value
        assert own[0] == "kind" and set(own) == keys_of(table, kind)


@pytest.mark.parametrize("name", built_in_recipes())
def test_the_values_written_out_are_the_same_recipe(name):
    recipe = load_recipe(name)
    tables = {}
    for one in fields_of(recipe):
        if one.value is not None:
            tables.setdefault(one.table, {})[one.name] = one.value
    assert Recipe(name, tables).for_machine("") == Recipe(name, recipe.settings | tables).for_machine("")
    assert {one.value == one.default for one in fields_of(Recipe("empty", {}))} == {True}


def test_a_field_tells_whether_the_recipe_sets_it():
    fields = by_name(KNN.with_settings({"detector.whitening": "half"}))
    assert (fields["detector", "k"].is_set, fields["detector", "metric"].is_set) == (True, False)
    whitening = fields["detector", "whitening"]
    assert (whitening.value, whitening.default, whitening.is_set) == ("half", "none", True)


def test_training_is_shown_where_a_recipe_sets_it():
    assert "training" not in {table for table, _ in by_name(KNN)}
    assert by_name(KNN.with_settings({"training.epochs": 20}))["training", "epochs"].value == 20


def test_two_recipes_differ_in_what_scorers_depend_on():
    mean = KNN.with_settings({"encoder.r": 1.0})
    assert differences(mean.with_settings({"encoder.r": 1}), mean) == []
    other = KNN.with_settings({"detector.k": 2, "threshold.quantile": 0.5, "captions.k": 1, "encoder.r": 0.98})
    assert differences(other, KNN) == ["detector.k = 2"] and differences(KNN, other) == ["detector.k = 4"]
    assert differences(load_recipe("twfr-gmm"), KNN) == ['detector.kind = "gmm"']
    fans = Recipe("mine", KNN.settings | {"machine": {"fan": {"detector.k": 1}}})
    assert differences(fans, KNN) == ["[machine.fan]"] and differences(KNN, fans) == []


def test_settings_lead_from_a_recipe_to_another_where_values_are_all_that_differs():
    other = KNN.with_settings({"detector.k": 2, "detector.metric": "cosine", "encoder.r": 0.5})
    assert settings_towards(KNN, other) == ["encoder.r=0.5", "detector.k=2", "detector.metric=cosine"]
    assert settings_towards(KNN, load_recipe("twfr-gmm")) == settings_towards(KNN, KNN) == []
    fans = Recipe("mine", KNN.settings | {"machine": {"fan": {"detector.k": 1}}})
    assert settings_towards(KNN, fans) == settings_towards(fans, KNN) == []
    assert settings_towards(KNN.with_settings({"encoder.channel": 1}), KNN) == []


def test_the_fields_of_scorers_are_those_of_every_machine_type_that_has_others():
    machines = {"fan": {"detector.k": 1}, "pump": {"threshold.quantile": 0.5}}
    fields = scorer_fields(Recipe("mine", KNN.settings | {"machine": machines}))
    assert {kind: own["detector.k"] for kind, own in fields.items()} == {"": 4, "fan": 1}
    assert scorer_fields(KNN.with_settings({"encoder.n_mels": 128, "threshold.quantile": 0.5})) == scorer_fields(KNN)
    assert scorer_fields(KNN.with_settings({"encoder.n_mels": 64})) != scorer_fields(KNN)


def test_values_are_shown_as_toml_writes_them():
    assert [shown(value) for value in (1.0, "a", True, (0.0, 1), None)] == ["1.0", '"a"', "true", "[0.0, 1]", "none"]
    channel = KNN.with_settings({"encoder.channel": 1})
    assert differences(KNN, channel) == ["encoder.channel = none"]


def test_meanings_are_those_of_a_docstring_and_of_the_classes_above_it():
    class Above:
        """Settings.

        Attributes:
            first: of two
                lines.
            second: its own.

        Raises:
            third: no field.
        """

    class Below(Above):
        """Settings too.

        Attributes:
            second: another.
        """

    assert meanings(Below) == {"first": "of two lines.", "second": "another."}
    assert meanings(int) == {}


@pytest.mark.parametrize("name", built_in_recipes())
def test_every_field_of_a_built_in_recipe_has_a_meaning(name):
    assert [f"{one.table}.{one.name}" for one in fields_of(load_recipe(name)) if not one.meaning] == []
