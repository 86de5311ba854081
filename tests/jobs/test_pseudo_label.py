from pathlib import Path

import pytest

from asd_core.store.local_files import LocalFiles
from asd_core.store.pseudo_label_tables import read_pseudo_labels
from tests.command import asd
from tests.fleet import write_dcase


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled")
    archive, store = write_dcase(folder / "archive", train=8, test=2), folder / "store"
    said = asd("pseudo-label", archive, "--as", "kinds", "--store", store, "--engine", "local", "--json")
    return archive, store, said


def test_labels_of_an_archive_are_kept_and_their_method_is_told(labelled):
    _, store, said = labelled
    assert said.code == 0 and said.json["labelled"] == 16
    rows, made = read_pseudo_labels(LocalFiles(store), "kinds")
    assert made["words"] == said.json["words"] == rows["method"][0].as_py()
    assert len(rows) == 24 and "fan 00: " in said.err and "clusters of 8 normal clips" in said.err


def test_stored_embeddings_need_no_archive_and_give_the_same_labels(labelled):
    _, store, _ = labelled
    said = asd("pseudo-label", "--as", "again", "--store", store, "--engine", "local", "--json")
    assert said.code == 0
    one, other = (read_pseudo_labels(LocalFiles(store), name)[0] for name in ("kinds", "again"))
    assert one.sort_by("uri") == other.sort_by("uri")


def test_the_codes_variants_are_named(labelled):
    archive, store, _ = labelled
    options = ("--transductive", "--bic", "held-out", "--engine", "local")
    said = asd("pseudo-label", archive, "--as", "code", "--store", store, *options)
    assert "(transductive)" in said.out and "held-out folds" in said.out


def test_the_triplet_space_is_trained_for_each_machine_and_says_whose_sound_is_the_noise(labelled):
    archive, store, _ = labelled
    options = ("--space", "triplet", "--clip-seconds", "1", "--channels", "8", "--engine", "local", "--json")
    said = asd("pseudo-label", archive, "--as", "triplet", "--store", store, *options)
    assert said.code == 0 and said.json["labelled"] == 16
    assert said.json["words"].startswith("space triplet;")
    assert said.json["notes"] == [
        f"fan {name}: there is no other type, so its other machines are the noise" for name in ("00", "02")
    ]
    made = read_pseudo_labels(LocalFiles(store), "triplet")[1]
    assert made["triplet"]["clip_seconds"] == 1 and made["triplet"]["epochs"] == 6


def test_channels_that_cannot_be_are_refused(labelled):
    archive, store, _ = labelled
    said = asd("pseudo-label", archive, "--as", "x", "--store", store, "--space", "triplet", "--channels", "12")
    assert said.code == 2 and "channels = 12: must be a multiple of 8" in said.err


def test_the_page_is_written_again_with_scores(labelled):
    archive, store, said = labelled
    assert "Anomaly scores" not in Path(said.json["page"]).read_text()
    asd("fit", archive, "--store", store, "--engine", "local")
    key = asd("score", archive, "--store", store, "--engine", "local", "--json").json["key"]
    again = asd("pseudo-label", "--as", "kinds", "--store", store, "--only-page", "--scores", key, "--json")
    assert again.code == 0 and "Anomaly scores" in Path(again.json["page"]).read_text()
