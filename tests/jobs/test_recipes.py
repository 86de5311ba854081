import pytest

from asd_core.recipe.fields import differences
from asd_core.recipe.recipe import built_in_recipes, load_recipe
from tests.command import asd
from tests.fleet import NIGHTS, write_fleet
from tests.jobs.options import options


def test_the_list_has_every_built_in_recipe_with_a_line(tmp_path):
    said = asd("recipes")
    assert said.code == 0 and said.err == ""
    lines = {line.split()[0]: line for line in said.out.splitlines() if line.startswith(tuple(built_in_recipes()))}
    assert lines.keys() == built_in_recipes().keys() and all(len(line.split()) > 3 for line in lines.values())
    listed = asd("recipes", "--json").json
    assert listed["recipes"].keys() == lines.keys() and listed["stored"] == []


def test_a_recipe_that_is_shown_can_be_saved_and_taken(tmp_path):
    said = asd("recipes", "twfr-knn", "--set", "detector.k=8", "--out", tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml").read_text() == said.out and f"wrote {tmp_path}/mine.toml" in said.err
    mine = load_recipe(str(tmp_path / "mine.toml"))
    assert differences(mine, load_recipe("twfr-knn")) == ["detector.k = 8"]
    shown = asd("recipes", tmp_path / "mine.toml").out
    assert shown.startswith("# mine: twfr-knn: TWFR features") and "k = 8" in shown.splitlines()


def test_the_recipes_that_a_store_holds_are_told_by_what_they_have_otherwise(tmp_path, monkeypatch):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    (tmp_path / "mine.toml").write_text("[detector]\nkind = 'memory_bank'\nk = 3\n")
    until = ["--until", NIGHTS[0]]
    own = asd("fit", archive, *options(tmp_path, tmp_path / "mine.toml"), *until).json["key"]
    plain = asd("fit", archive, *options(tmp_path), *until).json["key"]
    edited = asd("fit", archive, *options(tmp_path), *until, "--set", "detector.k=2").json["key"]
    monkeypatch.setenv("ASD_STORE", str(tmp_path / "store"))
    said = [" ".join(line.split()) for line in asd("recipes").out.splitlines()]
    assert f"{own} 2 machines, a recipe of your own" in said
    assert f"{edited} 2 machines, its recipe has detector.k = 2; --set detector.k=2 takes it" in said
    assert f"{plain} 2 machines, as it is built in" in said
    assert [one["key"] for one in asd("recipes", "--json").json["stored"]] == [edited, plain, own]
    shown = asd("recipes", own)
    assert shown.out.startswith(f"# mine: as the store holds it under {own}.") and "k = 3" in shown.out.splitlines()


def test_fields_are_objects_in_json():
    said = asd("recipes", "twfr-gmm", "--json").json
    (field,) = [one for one in said["fields"] if (one["table"], one["name"]) == ("detector", "n_components")]
    assert (field["value"], field["default"], field["is_set"]) == (2, 2, True) and field["meaning"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["twfr-gnm"], "there is no recipe 'twfr-gnm'; did you mean 'twfr-gmm'?"),
        (["twfr-gmm", "--set", "detector.kk=1"], "has no key 'kk'"),
        (["nowhere.toml"], "cannot read the recipe nowhere.toml"),
        (["--out", "mine.toml"], "--out mine.toml: name the recipe to write"),
        (["twfr-gmm", "--out", "mine.txt"], "--out mine.txt: name a .toml file"),
        (["twfr-gmm", "--out", f"{__file__.removesuffix('.py')}.py"], "name another file"),
    ],
)
def test_what_is_not_there_is_one_line(arguments, message):
    said = asd("recipes", *arguments)
    assert (said.code, said.out) == (2, "") and message in said.err
