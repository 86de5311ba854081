"""An edited threshold: nothing is fitted or decoded again, and the nights of before stay."""

from pathlib import Path

import pytest

from asd_core.recipe.recipe import load_recipe
from asd_core.runs.report import read_night
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.command import asd
from tests.fleet import NIGHTS, files_of, write_fleet

RECIPE = """[detector]
kind = "memory_bank"

[threshold]
quantile = 0.9
"""


@pytest.fixture
def plant(tmp_path):
    """A fleet with a history of two nights, and the recipe that they were scored by."""
    archive, recipe = write_fleet(tmp_path / "archive"), tmp_path / "mine.toml"
    recipe.write_text(RECIPE)
    ask(tmp_path, "fit", archive, "--until", NIGHTS[0])
    for date in NIGHTS[:2]:
        ask(tmp_path, "nightly", archive, "--date", date)
    return tmp_path


def ask(place, command, *arguments):
    run = () if command == "report" else ("--local",)
    said = asd(command, *arguments, "--recipe", place / "mine.toml", "--store", place / "store", *run, "--json")
    assert said.code == 0, said.err
    return said.json


def scorers(place):
    return {path: kept for path, kept in files_of(place / "store").items() if "scorers/" in path}


@pytest.mark.parametrize("edit", ["quantile = 0.99", 'kind = "gamma"', "quantile = 0.5\n[captions]\nk = 2"])
def test_an_edited_threshold_fits_nothing_again_and_keeps_the_history(plant, edit):
    before, key = scorers(plant), load_recipe(str(plant / "mine.toml")).key()
    (plant / "mine.toml").write_text(RECIPE.replace("quantile = 0.9", edit))
    said = ask(plant, "nightly", plant / "archive")
    assert said["key"] == key and said["decoded"] == 8 and said["scored"] == 8
    assert scorers(plant) == before
    again = ask(plant, "fit", plant / "archive", "--until", NIGHTS[0])
    assert (again["decoded"], again["new_scorers"], again["fitted"]) == (0, 0, 2)
    assert {**scorers(plant), **before} == scorers(plant)
    page = Path(ask(plant, "report")["report"]).read_text()
    assert all(night in page for night in NIGHTS)
    recipe = load_recipe(str(plant / "mine.toml"))
    history = read_night(Store(LocalFiles(plant / "store")), recipe, key, NIGHTS[2]).history
    assert sorted(set(history["date"].to_pylist())) == NIGHTS[:2] and len(history) == 16


def test_a_clip_that_is_flagged_by_both_thresholds_is_explained_once(plant):
    explained = ask(plant, "nightly", plant / "archive")["captions"]["captioned"]
    (plant / "mine.toml").write_text(RECIPE.replace("0.9", "0.1"))
    said = ask(plant, "nightly", plant / "archive")
    assert (said["decoded"], said["captions"]["explained"]) == (0, explained)
    assert said["flagged"] == explained + said["captions"]["asked"] and explained > 0


def test_every_command_goes_on_with_a_store_of_before(plant):
    store = Store(LocalFiles(plant / "store"))
    text = RECIPE.replace("0.9", "0.95")
    (plant / "mine.toml").write_text(text)
    recipe = load_recipe(str(plant / "mine.toml"))
    for info in store.files.list(""):  # as version 0.1 named it
        data = store.files.read(info.path).replace(recipe.key().encode(), recipe.former_key().encode())
        data = data.replace(b'"quantile": 0.9', b'"quantile": 0.95') if info.path.startswith("runs/fit") else data
        store.files.write(info.path.replace(recipe.key(), recipe.former_key()), data)
        if recipe.key() in info.path:
            store.files.delete(info.path)
    for quantile in ("0.95", "0.99"):
        (plant / "mine.toml").write_text(RECIPE.replace("0.9", quantile))
        night = ask(plant, "nightly", plant / "archive")
        assert (night["key"], night["scored"]) == (recipe.former_key(), 8)
        assert recipe.former_key() in ask(plant, "report", "--date", NIGHTS[1])["report"]
        for command in ("caption", "score", "fit"):
            more = [] if command == "caption" else [plant / "archive"]
            more += ["--until", NIGHTS[0]] if command == "fit" else []
            assert ask(plant, command, *more)["key"] == recipe.former_key()
