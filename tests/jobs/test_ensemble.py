import pytest

from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store, open_store
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet, write_wav


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A fleet with a loud recording in its third night, a store, and an ensemble of two recipes called fused."""
    folder = tmp_path_factory.mktemp("plant")
    archive, store = write_fleet(folder / "archive"), folder / "store"
    write_wav(clip_path(archive, "00", NIGHTS[2], 0), seed=3, seconds=0.05)
    for recipe in ("twfr-knn", "twfr-gmm"):
        asd("fit", archive, "--recipe", recipe, "--store", store, "--local", "--until", NIGHTS[1], "--since", NIGHTS[0])
    said = ensemble(store, "near=twfr-knn", f"spread={load_recipe('twfr-gmm').key()}", "--weight", "near=2")
    assert said.code == 0, said.err
    return archive, store, said


def ensemble(store, *members, name="fused"):
    return asd("ensemble", *members, "--as", name, "--store", store, "--json")


def on_fused(command, plant, *more):
    archive, store, _ = plant
    arguments = [archive] if command in ("fit", "score", "nightly") else []
    return asd(command, *arguments, "--recipe", "fused", "--store", store, "--json", *more)


def test_an_ensemble_is_combined_without_a_recording(plant):
    _, _, said = plant
    assert (said.json["fitted"], said.json["new_scorers"]) == (2, 2)
    assert said.json["key"].startswith("fused-")
    assert "fan 00: 8 normal clips, threshold " in said.err


def test_a_night_of_an_ensemble_is_scored_explained_and_reported(plant):
    said = on_fused("nightly", plant, "--local", "--date", NIGHTS[2])
    assert said.code == 0, said.err
    assert (said.json["scored"], said.json["key"]) == (8, plant[2].json["key"])
    rows = Store(LocalFiles(plant[1])).scores(said.json["key"])
    assert set(rows["decided_by"].to_pylist()) <= {"near", "spread"}
    assert said.json["flagged"] >= 1
    page = (plant[1] / f"reports/{said.json['key']}/date={NIGHTS[2]}/index.html").read_text()
    assert "decided by" in page
    assert on_fused("report", plant).code == 0
    again = on_fused("nightly", plant, "--local", "--date", NIGHTS[2])
    assert again.json["run_id"] == said.json["run_id"]


def test_flagged_clips_of_past_nights_are_explained(plant):
    on_fused("score", plant, "--local", "--date", NIGHTS[2])
    said = on_fused("backfill-captions", plant, "--local", "--since", NIGHTS[0], "--until", NIGHTS[2], "--read-audio")
    assert said.code == 0, said.err
    assert on_fused("caption", plant, "--local", "--date", NIGHTS[2]).code == 0


def test_fit_fits_the_members_and_combines_them(plant):
    said = on_fused("fit", plant, "--local", "--since", NIGHTS[0], "--until", NIGHTS[1])
    assert (said.code, said.json["fitted"], said.json["new_scorers"]) == (0, 2, 0)


def test_another_threshold_goes_on_under_the_same_key(plant):
    key, highest = plant[2].json["key"], []
    for more in (["--set", "threshold.quantile=0.1"], []):
        said = on_fused("score", plant, "--local", "--date", NIGHTS[2], *more)
        assert said.code == 0 and said.json["key"] == key, said.err
        highest.append(max(open_store(str(plant[1])).scores(key)["decision_threshold"].to_pylist()))
    assert highest[0] < highest[1]


def test_the_ensemble_written_to_a_file_is_the_same_recipe(plant, tmp_path):
    out = tmp_path / "fused.toml"
    assert asd("recipes", plant[2].json["key"], "--store", plant[1]).code == 0
    said = asd("recipes", "fused", "--store", plant[1], "--out", out)
    assert said.code == 0, said.err
    assert load_recipe(str(out)).key() == plant[2].json["key"]
    assert "an ensemble of near, spread" in asd("recipes", "--store", plant[1]).out


@pytest.mark.parametrize(
    ("members", "line"),
    [
        (["near=twfr-knn"], "two recipes or more, got 1"),
        (["near"], "a member is NAME=KEY, such as near=twfr-knn-1afbd967, got 'near'"),
        (["a=twfr-knn", "a=twfr-gmm"], "a member a is named twice"),
        (["a=twfr-knm-00000000", "b=twfr-gmm"], "no scorers of such a KEY; did you mean 'twfr-knn-"),
        (["a=twfr-knn", "b=twfr-gmm", "--weight", "a=much"], "--weight a=much: a weight is a number"),
        (["a=twfr-knn", "b=twfr-gmm", "--weight", "a=-1"], "the weight of member a is -1"),
        (["a=twfr-knn", "b=twfr-gmm", "--rule", "mean"], "Invalid value for '--rule'"),
        (["a=twfr-knn", "b=twfr-gmm"], "fused is taken"),
        (["a=twfr-knn", "b=twfr-gmm", "--out", "x.txt"], "name a .toml file"),
    ],
)
def test_what_cannot_be_combined_is_one_line(plant, members, line):
    said = ensemble(plant[1], *members)
    assert said.code == 2
    assert line in said.err and "Traceback" not in said.err


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--set", "detector.k=3"], "detector.k of ensemble fused is its members'"),
        (["--encoder", "x"], "--encoder x has no place"),
    ],
)
def test_options_of_members_have_no_place(plant, more, line):
    said = on_fused("score", plant, "--local", *more)
    assert said.code == 2 and line in said.err


def test_an_unknown_name_gets_the_nearest_one(plant):
    said = asd("report", "--recipe", "fusde", "--store", plant[1])
    assert said.code == 2 and "did you mean 'fused'?" in said.err


def test_members_that_learnt_no_recording_in_common_make_no_ensemble(tmp_path):
    archive, store = write_fleet(tmp_path / "archive", machines=("00",)), tmp_path / "store"
    for recipe, night in (("twfr-knn", NIGHTS[0]), ("twfr-gmm", NIGHTS[1])):
        asd("fit", archive, "--recipe", recipe, "--store", store, "--local", "--since", night, "--until", night)
    said = ensemble(store, "near=twfr-knn", "spread=twfr-gmm")
    assert said.code == 1
    assert "no machine could be combined, the first for this: the members share unseen scores of 0 clips" in said.err
    assert asd("report", "--recipe", "fused", "--store", store).code == 2  # nothing is kept by that name
