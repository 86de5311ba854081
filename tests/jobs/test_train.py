import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asd_core.store.store import open_store
from tests.command import asd
from tests.fleet import write_fleet
from tests.jobs.trained import RECIPE


@pytest.fixture
def plant(tmp_path):
    write_fleet(tmp_path / "archive")
    (tmp_path / "tiny.toml").write_text(RECIPE.format(epochs=2))
    return tmp_path


def train(plant, *more, name="own", store="store"):
    line = ["train", plant / "archive", "--recipe", plant / "tiny.toml", "--as", name, "--store", plant / store]
    return asd(*line, "--local", "--json", "--until", "2026-11-02", *more)


def test_a_trained_encoder_goes_through_fit_nightly_evaluate_and_tune(plant):
    told = train(plant).json
    assert (told["trained"], told["classes"], told["already_complete"]) == (16, {"00": 8, "01": 8}, False)
    assert Path(told["page"]).exists()
    common = ["--recipe", "twfr-knn", "--encoder", "own", "--store", plant / "store", "--local", "--json"]
    fitted = asd("fit", plant / "archive", *common, "--until", "2026-11-02").json
    assert (fitted["decoded"], fitted["fitted"]) == (16, 2)
    night = asd("nightly", plant / "archive", *common, "--no-captions").json
    assert (night["scored"], night["key"]) == (8, fitted["key"])
    stored = asd("fit", *common, "--until", "2026-11-02").json  # ARCHIVE left out: what is embedded
    assert (stored["decoded"], stored["key"]) == (0, fitted["key"])


def test_settings_of_the_encoder_are_laid_over_the_trained_one(plant):
    train(plant)
    line = ["embed", plant / "archive", "--recipe", "twfr-knn", "--encoder", "own", "--store", plant / "store"]
    assert asd(*line, "--local", "--set", "encoder.batch_size=2", "--json").json["embedded"] == 24
    wrong = asd(*line, "--local", "--set", "encoder.width=5")
    assert wrong.code == 2 and "--set encoder.width: the encoder own is trained as it is" in wrong.err


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--set", "training.labels=[\"machine_type\"]"], 1, "only one class, 'fan'"),
        (["--set", "training.keep=[3]"], 2, "training.keep names epoch 3"),
        (["--set", "training.batch_size=0"], 2, "training.batch_size = 0"),
        (["--set", "training.trains=lora"], 2, "only be trained as a whole"),
        (["--set", "encoder.kind=twfr"], 2, "has nothing to train: take --recipe multires"),
        (["--as", "a/b"], 2, "--as a/b: a name may hold letters"),
        (["--workers", "2"], 2, "--workers 2 need Ray"),
    ],
)  # fmt: skip
def test_a_training_that_cannot_be_is_one_line(plant, more, code, message):
    said = train(plant, *more)
    errors = [line for line in said.err.splitlines() if line.startswith("Error: ")]
    assert said.code == code and len(errors) == 1 and message in errors[0] and "Traceback" not in said.err


def test_an_archive_is_asked_for(plant):
    said = asd("train", "--recipe", plant / "tiny.toml", "--as", "own", "--store", plant / "store")
    assert said.code == 2 and "name the ARCHIVE" in said.err


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_with_the_weights_of_an_unbroken_one(plant):
    """By a signal that leaves no time for anything, at some step after the first checkpoint."""
    (plant / "tiny.toml").write_text(RECIPE.format(epochs=60))
    line = [sys.executable, "-c", "from jobs.main import main; main()", "train", plant / "archive", "--as", "own"]
    line += ["--recipe", plant / "tiny.toml", "--store", plant / "broken", "--local", "--until", "2026-11-02"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        deadline = time.monotonic() + 120
        while not (states := list((plant / "broken/trained/own").glob("under_way/*/state.json"))):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < json.loads(states[0].read_text())["step"] < 240
    assert train(plant, store="broken").json["digest"] == train(plant, store="whole").json["digest"]
    assert not open_store(str(plant / "broken")).files.list("trained/own/under_way")


def test_a_store_on_s3_gets_the_same_encoder(plant, bucket):
    line = ["--recipe", plant / "tiny.toml", "--local", "--json", "--until", "2026-11-02"]
    there = asd("train", plant / "archive", "--as", "own", "--store", f"{bucket}/store", *line).json
    assert there["digest"] == train(plant).json["digest"]
    assert open_store(f"{bucket}/store").encoder_names()["own"]["folder"] == there["folder"]
    fitted = asd("fit", plant / "archive", "--encoder", "own", "--store", f"{bucket}/store", *line)
    assert fitted.code == 0 and fitted.json["fitted"] == 2
