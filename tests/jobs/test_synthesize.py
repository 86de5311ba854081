"""asd synthesize, with tiny random networks."""

import csv

import pytest

from asd_core.clips.archive import list_archive
from tests.command import asd
from tests.labelled_plant import QUICK, write_labelled_plant

TARGETS = ("--targets", "grinder")


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    return write_labelled_plant(tmp_path_factory.mktemp("plant") / "data")


@pytest.fixture(scope="module")
def synthesized(plant):
    """What the command said, the first time."""
    return asd(
        "synthesize", plant, *TARGETS, "--as", "first", "--store", plant.parent / "store", *QUICK, "--local", "--json"
    )


def again(plant, *words):
    line = ("synthesize", plant, *TARGETS, "--store", plant.parent / "store", *QUICK, "--local")
    return asd(*line, *words)


def test_clips_of_the_targets_lie_in_the_store_as_an_archive(plant, synthesized):
    said = synthesized.json
    listing = list_archive(said["validation"])
    assert (synthesized.code, listing.layout, len(listing.clips)) == (0, "dcase", 4)
    assert set(listing.clips["machine_type"].to_pylist()) == {"grinder"}
    assert sorted(listing.clips["condition"].to_pylist()) == ["anomalous"] * 2 + ["normal"] * 2
    assert (said["normal"], said["anomalous"], said["errors"]) == (2, 2, 0)
    assert (said["targets"], said["references"]) == (["grinder"], ["ToyCar"])


def test_random_weights_are_told_in_the_summary_and_on_the_page(plant, synthesized):
    (note,) = [note for note in synthesized.json["notes"] if "random weights" in note]
    with open(synthesized.json["page"]) as page:
        assert note in page.read()


def test_recordings_that_cannot_be_heard_are_left_out_and_told(tmp_path):
    data = write_labelled_plant(tmp_path / "data", train=2, test=1, seconds=0.5)
    broken = data / "ToyCar" / "train" / "section_00_source_train_normal_0009_car_B2.wav"
    broken.write_bytes(b"no sound")
    said = asd("synthesize", data, *TARGETS, "--as", "x", "--store", tmp_path / "store", *QUICK, "--local")
    assert said.code == 0 and "note: 1 clip could not be heard in fine-tuning" in said.out
    (page,) = [line.split(": ")[1] for line in said.out.splitlines() if line.startswith("fine-tuning: ")]
    with open(page) as text:
        assert broken.name in text.read()


def test_a_second_run_is_complete_already(plant, synthesized):
    said = again(plant, "--as", "first")
    assert said.code == 0 and "these clips were complete already" in said.err
    assert "made 2 normal and 2 anomalous clips of 1 machine\n" in said.out and "note: random weights" in said.out
    assert again(plant, "--as", "first", "--json").json["digest"] == synthesized.json["digest"]


def test_a_stored_generator_makes_clips_without_fine_tuning(plant, synthesized):
    said = again(plant, "--as", "more", "--generator", "first", "--set", "generator.seed=1", "--json")
    assert said.json["generator"] == synthesized.json["generator"]
    assert said.json["digest"] != synthesized.json["digest"] and "training" not in said.err


def test_captions_are_listed_and_nothing_is_made(tmp_path, plant):
    store, table = tmp_path / "store", tmp_path / "captions.csv"
    said = again(plant, "--captions-only", "--store", store, "--csv", table)
    assert "This is the anomaly sound of a grinding machine with grindstones 2 and metal plates 2." in said.out
    assert said.code == 0 and not store.exists()
    rows = again(plant, "--captions-only", "--json").json["captions"]
    assert [list(row.values()) for row in csv.DictReader(table.open())] == [
        [str(value) for value in row.values()] for row in rows
    ]
    assert sum(row["clips"] for row in rows) == 4 and sum(row["recordings"] for row in rows) == 10
    alone = again(plant, "--captions-only", "--references", "", "--json").json
    assert {row["machine_type"] for row in alone["captions"]} == {"grinder"} and alone["references"] == []


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--as", "x", "--targets", "grindr"), "no clip is of machine type 'grindr'; did you mean 'grinder'?"),
        (("--as", "a/b"), "--as a/b: a name may hold"),
        ((), "--as NAME is missing"),
        (("--captions-only", "--as", "x"), "--captions-only makes nothing that --as could name"),
        (("--as", "x", "--csv", "y.csv"), "--csv y.csv is for the list of captions"),
        (("--as", "x", "--references", "grinder"), "'grinder' is a target and a reference"),
        (("--as", "x", "--generator", "frst"), "did you mean 'first'"),
        (("--as", "x", "--workers", "2"), "--workers 2 need Ray"),
    ],
)
def test_wrong_usage_is_one_line(plant, synthesized, words, line):
    said = again(plant, *words)
    assert (said.code, said.out) == (2, "") and line in said.err and "Traceback" not in said.err
