"""AnoPatch from an archive to a night's report, with random weights of its own architecture."""

import json

import numpy as np
import pytest
import soundfile
import torch

from asd_core.encoders.anopatch.encoder import AnopatchEncoder
from asd_core.encoders.checkpoint_files import read_tensors
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet

NOTE = "trained from random weights"


def options(store):
    return ["--recipe", "anopatch-random", "--store", store, "--local", "--json"]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """The words of asd train, fit and nightly, and the store, of a plant in which one fan squeals at last."""
    plant = tmp_path_factory.mktemp("anopatch")
    archive, store = write_fleet(plant / "archive", clips=3), plant / "store"
    squeal = 0.3 * np.sin(np.arange(16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), squeal, 16_000)
    trained = asd("train", archive, *options(store), "--as", "own", "--until", NIGHTS[1])
    common = [*options(store), "--encoder", "own"]
    fitted = asd("fit", archive, *common, "--until", NIGHTS[1])
    scored = asd("nightly", archive, *common, "--no-captions", "--set", "threshold.quantile=0.5")
    for said in (trained, fitted, scored):
        assert said.code == 0, said.err
    return trained, fitted, scored, Store(LocalFiles(store))


def test_training_moves_the_weights_and_keeps_what_it_was(night):
    trained, _, _, store = night
    assert trained.json["classes"] == {"fan / 00 / -": 6, "fan / 01 / -": 6}
    described = json.loads(store.files.read(f"{trained.json['folder']}/encoder.json"))
    assert described["encoder"]["backbone"] == "beats" and described["training"]["loss"] == "arcface"
    assert described["digest"].startswith("random-") and described["started_from"] == "random"
    ended = read_tensors(str(store.files.root / trained.json["folder"]), described["checkpoints"][-1]["file"])
    started = AnopatchEncoder.new_network({**described["encoder"], "weights": "random"}, 0).state_dict()
    assert ended.keys() == started.keys()
    assert not torch.equal(ended["projection.weight"], started["projection.weight"])


def test_the_trained_encoder_fits_scores_and_flags(night):
    _, fitted, scored, store = night
    assert (fitted.json["fitted"], scored.json["scored"]) == (2, 6)
    assert scored.json["flagged"] > 0
    squeal = [row for row in store.scores(scored.json["key"]).to_pylist() if row["uri"].endswith(f"{NIGHTS[2]}/00.wav")]
    assert any(row["is_flagged"] for row in squeal)


def test_every_output_says_that_it_began_with_random_weights(night):
    trained, _, scored, store = night
    assert any(NOTE in note for note in trained.json["notes"])
    page = next((store.files.root / "reports").rglob("date=*/index.html"))
    assert NOTE in scored.out and NOTE in page.read_text()


def test_lora_trains_low_ranks_and_the_head_alone(night, tmp_path):
    store = night[-1]
    line = ["train", store.files.root.parent / "archive", *options(tmp_path), "--as", "low", "--until", NIGHTS[1]]
    said = asd(*line, "--set", "encoder.lora_rank=4", "--set", "training.trains=lora", "--set", "training.steps=2")
    assert said.code == 0, said.err
    described = json.loads((tmp_path / said.json["folder"] / "encoder.json").read_text())
    ended = read_tensors(str(tmp_path / said.json["folder"]), described["checkpoints"][-1]["file"])
    started = AnopatchEncoder.new_network({**described["encoder"], "weights": "random"}, 0).state_dict()
    moved = {name for name, value in ended.items() if not torch.equal(value, started[name])}
    assert moved and all(
        name.startswith(("pooling", "projection")) or name.endswith((".up", ".down")) for name in moved
    )
    assert any(name.endswith(".up") for name in moved)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("encoder.backbone=wavlm", "this network has no spectrogram: set both to 0"),
        ("training.trains=lora", "needs encoder.lora_rank, such as 64"),
        ("encoder.weights=/nowhere.pt", "there is no such file"),
    ],
)
def test_a_training_that_cannot_be_is_one_line(night, tmp_path, setting, message):
    archive = night[-1].files.root.parent / "archive"
    said = asd("train", archive, *options(tmp_path), "--as", "own", "--until", NIGHTS[1], "--set", setting)
    assert said.code == 2 and message in said.err and "Traceback" not in said.err


def test_the_papers_recipe_asks_for_weights_in_one_line(tmp_path):
    write_fleet(tmp_path / "archive", clips=1)
    line = ["train", tmp_path / "archive", "--as", "own", "--store", tmp_path / "store", "--local"]
    said = asd(*line, "--recipe", "anopatch", "--until", NIGHTS[1])
    assert said.code == 2 and "set encoder.weights, such as to the path of BEATs_iter3.pt" in said.err
    assert "Traceback" not in said.err
    assert load_recipe("anopatch").for_machine("").training.freq_mask == 80
