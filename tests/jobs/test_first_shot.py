import pytest

from tests.accuracy.first_shot_archive import Part, write_clips
from tests.asd_core.tuning.first_shot import write_both
from tests.command import asd

SPACE = '"encoder.r" = { grid = [0.0, 1.0, 1.05] }\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("first-shot")
    write_both(place)
    (place / "r.toml").write_text(SPACE)
    return place


def line(folder, *more, targets="fan", generated="generated"):
    words = ["first-shot", folder / "real", "--targets", targets, "--store", folder / "store", "--as", "plant"]
    return [*words, "--generated", folder / generated, "--space", folder / "r.toml", "--local", *more]


def test_one_command_chooses_fits_scores_and_reports_and_its_recipe_serves_other_commands(folder):
    said = asd(*line(folder))
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("fan: r = ") and lines[1].startswith("r = 0 (none): AUC ")
    assert "fitted 1 of 1 machines, scored 24 clips" in lines and lines[-1].startswith("report: ")
    again = asd(*line(folder, "--json"))
    assert again.json["already_complete"] and again.json["evaluated"] == 0 and "complete already" in again.err
    scored = asd("score", folder / "real", "--recipe", "plant", "--store", folder / "store", "--local", "--json")
    assert (scored.code, scored.json["scored"], scored.json["key"]) == (0, 24, again.json["key"]), scored.err
    assert "complete already" in scored.err


@pytest.mark.parametrize(
    ("named", "more", "message"),
    [
        ({"targets": "fam"}, (), "no clip is of machine type 'fam'; did you mean 'fan'?"),
        ({"targets": ","}, (), "--targets names no machine type"),
        ({"generated": "none"}, (), "no such folder"),
        ({}, ("--generator", "plant"), "leave one of them out"),
        ({}, ("--recipe", "imported-knn"), "takes imported embeddings"),
        ({}, ("--as", "fleet"), "name of a built-in recipe"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(folder, named, more, message):
    said = asd(*line(folder, "--quiet", *more, **named))
    assert said.code == 2 and message in " ".join(said.err.split()) and said.err.count("Error:") == 1, said.err


def test_a_space_of_anything_but_r_is_refused(folder, tmp_path):
    (tmp_path / "more.toml").write_text(SPACE + '"detector.n_components" = { grid = [1, 2] }\n')
    said = asd(*line(folder, "--quiet", "--space", tmp_path / "more.toml"))
    assert said.code == 2 and "first-shot searches encoder.r alone" in said.err


@pytest.mark.slow
def test_where_recordings_have_dates_the_latest_night_is_scored_and_reported(tmp_path):
    asd("simulate", tmp_path / "real", "--nights", 3, "--clips-per-night", 8, "--seconds", 1, "--machines-per-type", 1)
    made = Part("test", {"source": 4}, {"source": 4}, ("knocks",), seconds=1.0, peak=0.5, seed=7)
    write_clips(tmp_path / "made", "fan", made)
    (tmp_path / "r.toml").write_text(SPACE)
    words = ["first-shot", tmp_path / "real", "--targets", "fan", "--store", tmp_path / "store", "--as", "fans"]
    words += ["--generated", tmp_path / "made", "--space", tmp_path / "r.toml", "--until", "2026-11-02", "--local"]
    said = asd(*words, "--since", "2026-11-01", "--json")
    assert said.code == 0, said.err
    (page,) = said.json["reports"]
    assert page.endswith("date=2026-11-03/index.html") and (said.json["listed"], said.json["normals"]) == (8, 16)
