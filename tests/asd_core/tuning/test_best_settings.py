from dataclasses import replace

import numpy as np
import pytest

from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.tuning.best_settings import (
    best_recipe,
    best_summary,
    choices,
    recipe_files,
    scope_remarks,
    search_warnings,
    summary_text,
)
from asd_core.tuning.request import EVERYTHING
from asd_core.tuning.stored_results import CHOICES
from tests.asd_core.tuning.outcomes import scope_of

GMM = load_recipe("twfr-gmm")
OVERRIDDEN = Recipe("site", {**GMM.settings, "machine": {"fan": {"encoder.r": 0.2, "threshold.quantile": 0.8}}})


def nothing(scope):
    return replace(scope, objectives=np.full(len(scope.settings), np.nan), certainty={}, errors={3: "too few clips"})


def test_each_machine_type_gets_its_setting_and_the_others_keep_the_recipe():
    fan, pump = scope_of(seed=1), scope_of(name="pump", seed=2)
    best = best_recipe(OVERRIDDEN, [fan, pump])
    for scope in (fan, pump):
        setting, machine = scope.settings[scope.best], best.for_machine(scope.name)
        assert f'"r": {setting["encoder.r"]}' in machine.encoder.options
        assert machine.detector.n_components == setting["detector.n_components"]
    assert best.for_machine("fan").threshold.quantile == 0.8
    assert best.for_machine("valve") == OVERRIDDEN.for_machine("valve")


def test_a_setting_for_all_machines_goes_over_what_the_recipe_says_of_types():
    scope = replace(scope_of(), name=EVERYTHING)
    best = best_recipe(OVERRIDDEN, [scope], for_all=True)
    encoders = {best.for_machine(kind).encoder for kind in ("", "fan", "valve")}
    assert len(encoders) == 1 and f'"r": {scope.settings[scope.best]["encoder.r"]}' in encoders.pop().options


@pytest.mark.parametrize("per", ["machine-type", "machine", "global"])
def test_recipes_that_come_out_can_be_loaded_and_are_the_choice(tmp_path, per):
    names = {"machine-type": ["fan", "pump"], "machine": ["fan 00", "a/b ü"], "global": [EVERYTHING]}[per]
    scopes = [replace(scope_of(seed=number), name=name) for number, name in enumerate(names)]
    files = recipe_files(GMM, scopes, per, ["chosen"])
    assert sorted(files) == (["a-b.toml", "fan-00.toml"] if per == "machine" else ["recipe.toml"])
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert load_recipe(str(tmp_path / name)).for_machine("fan").detector.n_components == 2


def test_machines_whose_names_come_to_the_same_letters_have_files_of_their_own():
    scopes = [replace(scope_of(), name=name) for name in ("a/b", "a b", "/")]
    names = sorted(recipe_files(GMM, scopes, "machine", []))
    assert len(names) == 3 and names[-2:] == ["a-b.toml", "machine.toml"]


def test_a_recipe_says_how_its_settings_were_chosen_and_how_sure_that_is():
    (text,) = recipe_files(GMM, [scope_of(), nothing(scope_of(name="pump"))], "machine-type", ["run: tune-1"]).values()
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert head[0] == "# run: tune-1"
    assert head[1].startswith("# fan: encoder.r = 0.") and "± 0.0120 (standard error over clips)" in head[1]
    assert "of the best 20 of its 92 settings cannot be told from it, itself included" in head[2]
    assert head[3] == "# pump: no setting could be evaluated: too few clips"


def test_a_scope_whose_settings_were_all_compared_says_so():
    assert "of its 92 settings cannot be told from it" in scope_remarks(scope_of(compared=92))[1]


def test_the_table_of_choices_has_every_setting_of_every_scope_best_first():
    scopes = [scope_of(), nothing(scope_of(name="pump"))]
    rows = choices(scopes, [[f"{n:032x}" for n in range(92)]] * 2)
    assert rows.schema.equals(CHOICES) and len(rows) == 184
    fan = rows.slice(0, 92).to_pylist()
    assert [row["place"] for row in fan] == list(range(1, 93))
    values = [row["objective"] for row in fan]
    assert values == sorted(values, reverse=True) and fan[0]["behind"] == 0
    assert sum(row["told_apart"] is not None for row in fan) == 20
    assert rows.slice(92)["objective"].null_count == 92


def test_the_summary_has_the_best_of_each_scope_or_nothing():
    fan = scope_of()
    best = best_summary([fan, nothing(scope_of(name="pump"))])
    assert best["pump"] is None
    assert best["fan"]["setting"] == fan.settings[fan.best] and best["fan"]["compared"] == 20
    text = summary_text({"best": best, "objective": "auc"})
    assert "fan: encoder.r = " in text and "pump: no setting could be evaluated" in text


def test_a_machine_judged_without_normals_of_both_domains_is_told_where_the_objective_needs_them():
    fan = scope_of()
    fan = replace(fan, machines=[replace(fan.machines[0], has_domains=False), *fan.machines[1:]])
    record = {"order": {"validation": "generated", "objective": "twfr-sum"}, "counts": {"machines_left_out": 0}}
    said = search_warnings(record | {"notes": ["the generated clips: random weights"]}, [fan])
    assert said[0] == "the generated clips: random weights" and said[-1].endswith("in twfr-sum: fan 00.")
    record["order"]["objective"] = "auc"
    assert not [line for line in search_warnings(record, [fan]) if "domains" in line]
