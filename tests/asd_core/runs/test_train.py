from dataclasses import replace

import pytest

from asd_core.encoders.checkpoint_files import read_trained
from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.pseudo_label import keep_pseudo_labels, pseudo_labelled
from asd_core.runs.train import check_trainable, train_encoder
from asd_core.store.store import open_store
from asd_core.training.job import decoded_here, run_job
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.spaces import EmbeddedSpace
from tests.fleet import clip_path, listed, write_fleet
from tests.tiny_encoder import KIND

TRAINING = {"epochs": 2, "keep": [], "batch_size": 4, "sub_clusters": 2, "labels": ["machine_id"]}
TINY = Recipe("tiny", {"encoder": {"kind": KIND, "clip_seconds": 1.0}, "training": TRAINING})
NIGHTS = ["2026-11-01"]


def execute(job, report):
    return run_job(job, decoded_here, report=report)


def train(tmp_path, recipe=TINY, name="own", clips=None, execute=execute, **more):
    store = open_store(str(tmp_path / "store"))
    clips = listed(tmp_path / "archive") if clips is None else clips
    return store, train_encoder(store, recipe, name, clips, LocalEngine(), execute, **more)


def embed_all(tmp_path, clips):
    store = open_store(str(tmp_path / "store"))
    return embed(store, load_recipe("twfr-knn").encoders_of(clips), clips, LocalEngine())


def test_a_run_is_recorded_and_not_repeated(tmp_path):
    write_fleet(tmp_path / "archive", dates=NIGHTS)
    said = []
    store, record = train(tmp_path, say=said.append)
    assert record["counts"] == {
        "listed": 8,
        "trained": 8,
        "held_out": 0,
        "errors": 0,
        "errors_by_reason": {},
        "classes": 2,
        "steps": 4,
        "epochs": 2,
    }
    assert store.run(record["run_id"])["digest"] == record["digest"] and store.files.exists(record["page"])
    assert said[0].startswith("2 classes in 8 clips: 2 epochs of 2 batches of 4, 4 steps")
    assert said[1].startswith("epoch 1 of 2: loss ") and not store.files.list("trained/own/under_way")
    _, again = train(tmp_path, execute=None)
    assert again["already_complete"] and again["digest"] == record["digest"]


def test_training_again_under_a_name_leaves_the_former_encoder_where_it_is(tmp_path):
    write_fleet(tmp_path / "archive", dates=NIGHTS)
    store, first = train(tmp_path)
    _, second = train(tmp_path, TINY.with_settings({"training.seed": 1}))
    assert store.encoder_names()["own"]["folder"] == second["folder"] != first["folder"]
    assert read_trained(f"{store.files.url}/{first['folder']}").digest == first["digest"]
    train(tmp_path, execute=None)
    assert store.encoder_names()["own"]["folder"] == first["folder"]


def test_clips_that_cannot_be_decoded_are_left_out_and_named(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS)
    clip_path(archive, "00", NIGHTS[0], 1).write_bytes(b"no audio")
    _, record = train(tmp_path)
    assert (record["counts"]["trained"], record["counts"]["errors_by_reason"]) == (7, {"not_audio": 1})
    (left_out,) = record["left_out"]
    assert left_out["uri"].endswith("01.wav") and left_out["reason"] == "not_audio"


def test_a_class_with_one_clip_is_said(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS)
    write_fleet(archive, machines=["02"], dates=NIGHTS, clips=1)
    _, record = train(tmp_path)
    assert record["notes"] == ["1 of 3 classes have one clip only: '02'"]


def test_clips_without_attributes_are_said(tmp_path):
    write_fleet(tmp_path / "archive", dates=NIGHTS)
    recipe = TINY.with_settings({"training.labels": ["machine_id", "attributes"]})
    assert train(tmp_path, recipe)[1]["notes"][0].startswith("no clip has attributes, which training.labels names")
    with pytest.raises(AsdError, match="only one class, '-'.*; no clip has attributes"):
        train(tmp_path, TINY.with_settings({"training.labels": ["attributes"]}))


def test_a_recipe_without_a_network_is_refused():
    with pytest.raises(UsageError, match="of kind 'twfr' has nothing to train: take --recipe multires"):
        check_trainable(load_recipe("twfr-knn"))
    with pytest.raises(UsageError, match="several encoders"):
        check_trainable(Recipe("tiny", {**TINY.settings, "machine": {"fan": {"encoder.clip_seconds": 2.0}}}))


def test_an_archive_of_which_nothing_can_be_decoded_is_one_line(tmp_path):
    clip_path(tmp_path / "archive", "00", NIGHTS[0], 1).parent.mkdir(parents=True)
    clip_path(tmp_path / "archive", "00", NIGHTS[0], 1).write_bytes(b"")
    with pytest.raises(AsdError, match="none of 1 clips can be decoded; the first is .*no bytes"):
        train(tmp_path)


def test_pseudo_labels_that_are_not_there_are_one_line(tmp_path):
    write_fleet(tmp_path / "archive", dates=NIGHTS)
    settings = {"training.pseudo_labels": "kinds", "training.labels": ["attributes"]}
    with pytest.raises(UsageError, match="kinds"):
        train(tmp_path, TINY.with_settings(settings))


def test_pseudo_labels_are_classes_of_clips_without_attributes_and_their_method_is_a_note(tmp_path):
    clips = listed(write_fleet(tmp_path / "archive", dates=NIGHTS))
    space = EmbeddedSpace(open_store(str(tmp_path / "store")), embed_all(tmp_path, clips))
    method = PseudoLabelMethod("twfr", transductive=True, most_source=1)
    found = pseudo_labelled(clips, clips, space, method)
    keep_pseudo_labels(space.store, "kinds", found, method, {"notes": ["random weights"]})
    settings = {"training.pseudo_labels": "kinds", "training.labels": ["attributes"]}
    _, record = train(tmp_path, TINY.with_settings(settings))
    assert record["classes"] == {"fan 00 any 0": 4, "fan 01 any 0": 4}
    assert record["notes"] == [f"pseudo-labels kinds: {method.words}", "random weights"]


def test_lost_clips_are_a_note(tmp_path):
    write_fleet(tmp_path / "archive", dates=NIGHTS)

    def losing(job, report):
        return replace(execute(job, report), lost={"ab": "vanished: gone"})

    assert train(tmp_path, execute=losing)[1]["notes"][-1].startswith("1 clips could not be read any more")
