"""A head from embeddings made elsewhere to an ensemble, by commands alone."""

import pytest

from tests.asd_core.runs.feature_files import write_npz
from tests.command import asd

SMALL = ("training.head_hidden=[8]", "training.head_members=1", "training.epochs=1", "training.validation_share=0.4")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("heads")
    for seed, machine in enumerate(("fan_id_00", "fan_id_02")):
        write_npz(folder / "features", machine, seed=seed)
    assert asd("import-embeddings", folder / "features", "--encoder", "here", "--store", folder / "store").code == 0
    return folder / "store"


def trained(store, *more, name="mine", encoder="here"):
    given = [word for setting in SMALL for word in ("--set", setting)]
    return asd("train", "--recipe", "head", "--encoder", encoder, "--as", name, "--store", store, *given, *more)


def fitted_and_scored(store, recipe, encoder):
    options = ("--recipe", recipe, "--encoder", encoder, "--store", store, "--local", "--json")
    fit = asd("fit", *options)
    assert fit.code == 0, fit.err
    scores = asd("score", *options)
    assert (scores.code, scores.json["scored"]) == (0, 20 * 2), scores.err
    return fit.json["key"]


def test_a_head_serves_every_command_and_joins_an_ensemble(store):
    said = trained(store, "--json", "--local", "--set", "embedding.transform=log-zscore")
    assert said.code == 0, said.err
    assert (said.json["heads"], said.json["classes"]) == (1, {"fan / 00": 30, "fan / 02": 30})
    keys = {
        "near": fitted_and_scored(store, "head", "mine"),
        "nll": fitted_and_scored(store, "head-nll", "mine"),
        "plain": fitted_and_scored(store, "imported-density-knn", "here"),
    }
    members = [f"{name}={key}" for name, key in keys.items()]
    joined = asd("ensemble", *members, "--weight", "plain=2", "--as", "all", "--store", store)
    assert joined.code == 0, joined.err
    assert "the threshold is from 12 clips that all members have unseen scores of" in joined.err
    for recipe in ("head", "head-nll"):
        judged = asd("evaluate", "--recipe", recipe, "--encoder", "mine", "--store", store, "--local", "--json")
        assert judged.code == 0, judged.err


def test_a_search_tries_detectors_on_a_head(store, tmp_path):
    assert trained(store, "--local", name="searched").code == 0
    space = tmp_path / "space.toml"
    space.write_text('["detector.kind"]\nchoice = ["memory_bank", "class_nll"]\n')
    given = ("--recipe", "head", "--encoder", "searched", "--store", store, "--space", space, "--local", "--json")
    found = asd("tune", *given)
    assert found.code == 0, found.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--workers", "2"), "a head is trained in one process"),
        (("--set", "training.head_branches=3"), "head_branches = 3 does not divide embeddings of 8 numbers"),
        (("--set", 'training.labels=["machine_type"]'), "only one class, 'fan'"),
        (("--set", "training.loss=arcface"), "training.splice mixes labels"),
    ],
)
def test_bad_input_is_one_line(store, more, message):
    said = trained(store, *more, name="bad")
    assert said.code in (1, 2) and message in said.err and "Traceback" not in said.err


def test_a_detector_that_needs_a_head_says_so(store):
    said = asd("fit", "--recipe", "head-nll", "--encoder", "here", "--store", store)
    assert said.code == 2 and "name one with --encoder NAME" in said.err
