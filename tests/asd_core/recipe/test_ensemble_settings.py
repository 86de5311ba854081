import pytest

from asd_core.errors import UsageError
from asd_core.recipe.ensemble_settings import ensemble_config
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.recipe.text import recipe_text

MEMBERS = {"near": {"recipe": "twfr-knn"}, "spread": {"recipe": "twfr-gmm"}}


def fused(members=MEMBERS, name="fused", **tables):
    return Recipe(name, {"ensemble": {"members": members}, **tables})


def test_a_recipe_of_one_detector_is_no_ensemble():
    assert ensemble_config(load_recipe("twfr-knn").settings) is None


def test_weights_are_shares():
    members = {"near": {"recipe": "twfr-knn", "weight": 3}, "spread": {"recipe": "twfr-gmm"}}
    assert fused(members).ensemble.shares == {"near": 0.75, "spread": 0.25}


def test_the_key_depends_on_members_shares_and_rule_and_not_on_the_threshold():
    key = fused().key()
    assert fused({name: {**one, "weight": 2.0} for name, one in MEMBERS.items()}).key() == key
    assert fused(threshold={"quantile": 0.99}).key() == key
    assert fused({**MEMBERS, "near": {"recipe": "twfr-knn", "weight": 2.0}}).key() != key
    assert fused({**MEMBERS, "near": {"recipe": "twfr-density-knn"}}).key() != key
    assert fused().with_settings({"ensemble.rule": "rank"}).key() != key


def test_a_threshold_of_its_own_makes_another_run_under_the_same_key():
    assert fused().key_tells_judgement()
    assert not fused().with_settings({"threshold.quantile": 0.99}).key_tells_judgement()


def test_a_member_with_settings_is_the_recipe_that_has_them():
    own = load_recipe("twfr-knn").with_settings({"detector.k": 7})
    members = fused({**MEMBERS, "near": {"recipe": "twfr-knn", "settings": own.settings}}).members
    assert members["near"].key() == own.key()
    assert members["spread"].key() == load_recipe("twfr-gmm").key()


def test_a_member_of_an_older_store_keeps_its_key():
    assert fused({**MEMBERS, "near": {"recipe": "twfr-knn", "key": "twfr-knn-0"}}).key() != fused().key()


def test_the_first_member_is_heard_and_the_ensemble_judges():
    machine = fused(threshold={"quantile": 0.99}).for_machine("fan")
    assert machine.encoder == load_recipe("twfr-knn").for_machine("fan").encoder
    assert machine.threshold.quantile == 0.99
    assert fused(machine={"fan": {"threshold.quantile": 0.7}}).for_machine("fan").threshold.quantile == 0.7


def test_its_toml_text_gives_it_back(tmp_path):
    recipe = fused(threshold={"quantile": 0.99})
    (tmp_path / "fused.toml").write_text(recipe_text(recipe, ["two members"]))
    assert load_recipe(str(tmp_path / "fused.toml")).settings == recipe.settings


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        ({"ensemble": {"members": {"a": {"recipe": "twfr-knn"}}}}, "two recipes or more, got 1"),
        ({"ensemble": {}}, "two recipes or more, got 0"),
        ({"ensemble": {"members": MEMBERS, "rule": "mean"}}, "'z', 'robust', 'rank'"),
        ({"ensemble": {"members": MEMBERS, "weights": 1}}, "no key 'weights'"),
        ({"ensemble": {"members": ["twfr-knn"]}}, "members are tables"),
        ({"ensemble": {"members": {"a": {"weight": 1}, **MEMBERS}}}, "needs recipe"),
        ({"ensemble": {"members": {"a": {"recipe": "twfr-knn", "wieght": 1}, **MEMBERS}}}, "did you mean 'weight'"),
        ({"ensemble": {"members": {"a": {"recipe": "x", "settings": {"ensemble": {}}}, **MEMBERS}}}, "ensemble itself"),
        ({"ensemble": {"members": {n: {**one, "weight": 0} for n, one in MEMBERS.items()}}}, "every weight is 0"),
        ({"ensemble": {"members": {n: {**one, "weight": -1} for n, one in MEMBERS.items()}}}, "near is -1"),
        ({"ensemble": {"members": MEMBERS}, "detector": {"k": 1}}, r"no table \[detector\]"),
        ({"ensemble": {"members": MEMBERS}, "machine": {"fan": {"detector.k": 1}}}, "detector.k of an ensemble"),
    ],
)
def test_an_ensemble_that_cannot_be_is_one_line(tables, line):
    with pytest.raises(UsageError, match=line):
        Recipe("fused", tables)


def test_settings_of_members_are_not_the_ensembles():
    with pytest.raises(UsageError, match="detector.k of ensemble fused is its members'"):
        fused().with_settings({"detector.k": 3})


def test_a_member_that_is_not_built_in_is_named():
    with pytest.raises(UsageError, match="no recipe 'twfr-knm'"):
        fused({**MEMBERS, "near": {"recipe": "twfr-knm"}})
