"""Machines that cannot be scored or learnt stop no other."""

import shutil

import pytest

from tests.bad_input.conftest import FAN, Plant
from tests.bad_input.recordings import noise, wav
from tests.fleet import NIGHTS, write_fleet


def test_a_machine_without_a_scorer_is_error_rows_that_say_what_to_do(any_plant):
    any_plant.put("new.wav", wav(noise()), FAN.replace("=00", "=07"))
    counts, rows = any_plant.night()
    assert counts["errors_by_reason"] == {"no_scorer": 1} and counts["scored"] == 1
    assert rows["new.wav"]["error"] == "no scorer for fan 07: fit one from its normal clips with asd fit"


def test_scorers_of_another_encoder_are_not_taken(plant):
    counts, rows = plant.night("--set", "encoder.r=0.5")
    assert counts["errors_by_reason"] == {"no_scorer": 1} and "with asd fit" in rows["good.wav"]["error"]


def test_a_scorer_put_in_the_place_of_another_encoders_is_refused_with_the_command_that_mends_it(plant, tmp_path):
    key = plant.night()[0]["key"]
    other = plant.night("--set", "encoder.r=0.5")[0]["key"]
    shutil.copytree(tmp_path / f"store/scorers/{key}", tmp_path / f"store/scorers/{other}")
    line = plant.fails("--set", "encoder.r=0.5")
    assert "was fitted on embeddings" in line and line.endswith("run asd fit again")


@pytest.mark.parametrize("recipe", ["twfr-knn", "twfr-density-knn", "twfr-gmm", "twfr-gmm-strict"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_machine_of_few_normal_clips_has_a_line_of_its_own(tmp_path, recipe, count):
    write_fleet(tmp_path / "archive", machines=["few"], dates=[NIGHTS[0]], clips=count)
    write_fleet(tmp_path / "archive", machines=["many"], dates=NIGHTS[:2], clips=10)
    said = Plant(str(tmp_path / "archive"), str(tmp_path / "store")).run(
        "--until", NIGHTS[1], command="fit", recipe=recipe
    )
    assert said.code == 0 and said.json["machines"] == 2, said.err
    (few,) = [line for line in said.err.splitlines() if line.startswith("fan few: ")]
    assert [line for line in said.err.splitlines() if line.startswith("fan many: 20 normal clips, threshold ")]
    if count == 1:
        assert "no scorer: 1 normal clip of fan few: at least 2 are needed; record more" in few
    else:
        assert f"quantile = 0.9 needs 9 unseen normal scores, there are {count}" in few
        assert (f"but {count} normal clips" in few) == recipe.endswith("knn")
    assert said.json["fitted"] == (1 if count == 1 else 2)


@pytest.mark.parametrize("recipe", ["twfr-knn", "twfr-density-knn", "twfr-gmm", "twfr-gmm-strict"])
def test_identical_normal_clips_have_a_line_of_their_own(tmp_path, recipe):
    archive = write_fleet(tmp_path / "archive", machines=["good"], dates=NIGHTS[:2], clips=10)
    plant = Plant(str(archive), str(tmp_path / "store"))
    for number in range(12):
        plant.put(f"{number}.wav", wav(noise(seed=1)), f"machine_type=fan/machine_id=same/date={NIGHTS[0]}")
    for machine in ("same", "good"):
        plant.put(f"{machine}.wav", wav(noise(seed=77)), f"machine_type=fan/machine_id={machine}/date={NIGHTS[2]}")
    said = plant.run("--until", NIGHTS[1], command="fit", recipe=recipe)
    assert said.code == 0 and said.json["fitted"] == 1, said.err
    assert "fan same: no scorer: all 12 normal clips of fan same have the same embedding" in said.err
    assert plant.night(recipe=recipe)[0]["errors_by_reason"] == {"no_scorer": 1}


def test_copies_among_the_normal_clips_are_said(tmp_path):
    plant = Plant(str(tmp_path / "archive"), str(tmp_path / "store"))
    for number in range(12):
        plant.put(f"{number}.wav", wav(noise(seed=number // 2)))
    said = plant.run("--since", NIGHTS[0], command="fit")
    assert (
        "fan 00: 12 normal clips" in said.err and "only 6 different embeddings: are there copies of files?" in said.err
    )
