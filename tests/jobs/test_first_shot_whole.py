"""The whole of FS-TWFR-GMM with tiny networks of random weights: captions, fine-tuning, clips, r, fit, scores."""

import pyarrow.parquet as pq
import pytest

from asd_core.store.store import open_store
from tests.command import asd
from tests.fleet import files_of
from tests.labelled_plant import QUICK, write_labelled_plant


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("whole")
    write_labelled_plant(place / "plant", train=6)
    (place / "r.toml").write_text('"encoder.r" = { grid = [0.0, 1.0, 1.05] }\n')
    return place


def run(folder, *more):
    words = ["first-shot", folder / "plant", "--targets", "grinder", "--as", "first", "--store", folder / "store"]
    return asd(*words, "--space", folder / "r.toml", *QUICK, "--local", *more)


@pytest.fixture(scope="module")
def done(folder):
    """What the command said, the first time, and the record of its run."""
    said = run(folder, "--json")
    assert said.code == 0, said.err
    return said.json, open_store(str(folder / "store")).run(said.json["run_id"])


def test_from_labels_to_scores_in_one_command(folder, done):
    said, record = done
    store = open_store(str(folder / "store"))
    synthesis, fit, scored = (store.run(record["runs"][step]) for step in ("synthesize", "fit", "score"))
    assert (synthesis["targets"], synthesis["references"]) == (["grinder"], ["ToyCar"])
    table = pq.read_table(f"{said['generated_in']}/clips.parquet")
    assert "anomaly sound of a grinding machine with grindstones 2" in " ".join(table["caption"].to_pylist())
    assert said["generated"] == 4 and fit["counts"]["fitted"] == 1 and scored["counts"]["scored"] == 4
    assert set(said["r"]) == {"grinder"} and said["tables"]["training_data"][-1]["data"] == "real"
    heard = pq.read_table(next((folder / "store/generators/first").glob("*/heard.parquet")))
    kinds = set(zip(heard["machine_type"].to_pylist(), heard["condition"].to_pylist(), strict=True))
    assert kinds == {("ToyCar", "normal"), ("ToyCar", "anomalous"), ("grinder", "normal")}


def test_every_output_says_that_the_weights_are_random(folder, done):
    said, record = done
    assert any("random weights" in note for note in said["notes"])
    store = open_store(str(folder / "store"))
    for path in (record["page"], record["listening"], *record["searches"].values()):
        assert "random weights" in store.files.read(path).decode(), path
    assert "random weights" in run(folder).out


def test_the_same_command_again_does_nothing(folder, done):
    said, _ = done
    before = results_of(folder)
    again = run(folder, "--json")
    assert again.json["already_complete"] and again.json["evaluated"] == 0 and again.json["r"] == said["r"]
    assert results_of(folder) == before


def results_of(folder):
    """The files of the store, but for the one that gives a generator its name again."""
    return {path: at for path, at in files_of(folder / "store").items() if path != "generators.json"}


def test_the_commands_one_by_one_choose_the_same_r_and_fit_it(folder, done):
    said, record = done
    store = ("--store", folder / "store", "--local", "--json")
    words = ["tune", folder / "plant", "--recipe", "fs-twfr-gmm", *QUICK, "--space", folder / "r.toml"]
    more = ["--objective", "twfr-sum", "--validation", said["generated_in"], "--out", folder / "tuned.toml"]
    tuned = asd(*words, *more, *store)
    assert tuned.code == 0 and tuned.json["run_id"] == record["runs"]["search, silence cut out"], tuned.err
    assert tuned.json["best"]["grinder"]["setting"] == {"encoder.r": said["r"]["grinder"]}
    assert any("random weights" in note for note in tuned.json["notes"])
    fitted = asd("fit", folder / "plant", "--recipe", folder / "tuned.toml", *store)
    scored = asd("score", folder / "plant", "--recipe", folder / "tuned.toml", *store)
    assert (fitted.json["fitted"], scored.json["scored"]) == (2, 8), fitted.err + scored.err
