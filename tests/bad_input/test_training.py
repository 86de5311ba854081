"""Trainings on what cannot be trained on, places that fail, and files that were meddled with: one line each."""

import json

import pytest
import torch
from safetensors.torch import load, save

from tests.bad_input.access import no_file_larger_than
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet
from tests.jobs.trained import RECIPE


@pytest.fixture
def plant(tmp_path):
    write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    (tmp_path / "tiny.toml").write_text(RECIPE.format(epochs=4))
    return tmp_path


def train(plant, *more, store="store"):
    line = ["train", plant / "archive", "--recipe", plant / "tiny.toml", "--as", "own", "--store", plant / store]
    return asd(*line, "--local", "--json", "--until", NIGHTS[0], *more)


def line_of(said, code=1):
    """The one line of a command that failed."""
    assert (said.code, said.out) == (code, "") and "Traceback" not in said.err
    (line,) = [line for line in said.err.splitlines() if line.startswith("Error: ")]
    return line


def test_an_ensemble_is_trained_member_by_member(plant):
    members = "".join(f'[ensemble.members.{name}]\nrecipe = "{name}"\n' for name in ("twfr-knn", "multires-small"))
    (plant / "both.toml").write_text(members)
    line = ["train", plant / "archive", "--recipe", plant / "both.toml", "--as", "own", "--store", plant / "store"]
    assert line_of(asd(*line), 2) == "Error: recipe both is an ensemble: train its members, each by its own recipe"


def test_one_class_only(plant):
    line = line_of(train(plant, "--set", 'training.labels=["machine_type"]'))
    assert "only one class, 'fan': give training.labels a part in which clips differ" in line


def test_a_class_with_one_clip_and_no_attributes_are_notes(plant):
    write_fleet(plant / "archive", machines=["02"], dates=NIGHTS[:1], clips=1)
    notes = train(plant, "--set", 'training.labels=["machine_id", "attributes"]').json["notes"]
    assert notes[0].startswith("no clip has attributes, which training.labels names: asd pseudo-label finds classes")
    assert notes[1] == "1 of 3 classes have one clip only: '02 / -'"


def test_a_loss_that_is_not_finite_stops_with_the_last_good_checkpoint(plant):
    good = train(plant, "--set", "training.steps=2").json
    line = line_of(train(plant, "--set", "training.learning_rate=1e30"))
    assert "the training stops, and its last checkpoint before that stays; take a lower learning_rate" in line
    assert json.loads((plant / "store/encoders.json").read_text())["own"]["folder"] == good["folder"]


def test_a_full_disk_keeps_the_checkpoint_before_and_the_same_command_goes_on(plant):
    whole = train(plant, store="whole").json["digest"]
    for size in (64, 1024, 4096):
        with no_file_larger_than(size):
            line = line_of(train(plant))
        assert "cannot write" in line and "make room or give access, and run the same command again" in line
    assert train(plant).json["digest"] == whole


def test_a_checkpoint_of_another_shape_is_named_with_the_tensor_that_does_not_fit(plant):
    """Put into the place of one that a training goes on from."""
    bad = ("--set", "training.learning_rate=1e30", "--set", "training.batch_size=8")
    line_of(train(plant, *bad))
    (state,) = plant.glob("store/trained/own/under_way/*/state-*.safetensors")
    state.write_bytes(save({**load(state.read_bytes()), "network.one.weight": torch.zeros(5, 32)}))
    line = line_of(train(plant, *bad))
    assert (
        "a checkpoint of another network: network.one.weight has the shape (5, 32), the network's has (4, 32)" in line
    )


def test_trained_files_that_were_changed_are_refused(plant):
    folder = plant / "store" / train(plant).json["folder"]
    (file,) = folder.glob("*.safetensors")
    tensors = load(file.read_bytes())
    file.write_bytes(save({**tensors, "one.weight": torch.zeros(5, 32)}))
    line = ["embed", plant / "archive", "--recipe", "twfr-knn", "--encoder", "own", "--store", plant / "store"]
    assert "are not those that were trained" in line_of(asd(*line, "--json", "--local"))


def test_clips_that_cannot_be_decoded_are_left_out_and_named(plant):
    clip_path(plant / "archive", "00", NIGHTS[0], 1).write_bytes(b"no audio")
    said = train(plant)
    assert (said.json["errors_by_reason"], said.json["trained"]) == ({"not_audio": 1}, 7)
    assert "left out: file:///" in said.err and "01.wav" in said.err
