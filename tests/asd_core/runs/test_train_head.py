import numpy as np
import pyarrow.compute as pc
import pytest

from asd_core.encoders.head.arrays import class_nll, head_embeddings
from asd_core.encoders.head.stored import read_head
from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.named_encoder import with_encoder
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.runs.train_head import train_heads
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.runs.feature_files import write_npz
from tests.fleet import files_of

MACHINES = ("fan_id_00", "fan_id_02", "pump_id_00", "pump_id_04")
SMALL = {"training.head_hidden": [16], "training.head_output": 8, "training.epochs": 6, "training.head_members": 2}
HEAD = load_recipe("head").with_settings(
    {"encoder.name": "here", "embedding.transform": "log-zscore", "training.validation_share": 0.4, **SMALL}
)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    paths = [write_npz(folder, machine, seed=seed) for seed, machine in enumerate(MACHINES)]
    import_embeddings(Store(LocalFiles(folder / "store")), "here", paths)
    return folder / "store"


@pytest.fixture(scope="module")
def trained(imported):
    store = Store(LocalFiles(imported))
    return store, train_heads(store, HEAD, "mine", training_clips(store), LocalEngine())


def training_clips(store):
    clips = stored_clips(store, HEAD)
    return clips.filter(pc.equal(clips["split"], "train"))


def named(store, recipe="head"):
    return with_encoder(load_recipe(recipe), "mine", store.encoder_names(), store.files.url)


def test_a_head_for_each_machine_type_is_kept_under_its_name(trained):
    store, record = trained
    assert record["counts"]["heads"] == 2 and record["counts"]["held_out"] == 4 * 12
    assert record["classes"] == {name: 30 for name in ("fan / 00", "fan / 02", "pump / 00", "pump / 04")}
    assert store.encoder_names()["mine"] == {
        "kind": "head",
        "fingerprint": HEAD.fingerprint(""),
        "embedding_dim": 16,
        "folder": record["folder"],
    }
    head = read_head(f"{store.files.url}/{record['folder']}", "pump", "04")
    assert head.own_classes == (1,) and len(head.held_out) == 24 and head.arrays["members"] == 2
    assert not [path for path in files_of(store.files.root) if "under_way" in str(path)]


@pytest.mark.parametrize("recipe", ["head", "head-nll"])
def test_scorers_are_fitted_to_what_it_gives_and_take_thresholds_from_clips_held_out(trained, recipe):
    store, _ = trained
    own, clips = named(store, recipe), stored_clips(store, HEAD)
    _, outcomes = fit(store, own, training_clips(store), LocalEngine())
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert "12 clips that the head was not trained on" in outcomes[0].notes[0]
    rows = store.read_scores(score(store, own, clips.filter(pc.equal(clips["split"], "test")), LocalEngine()))
    assert len(rows) == 80 and rows["anomaly_score"].null_count == 0
    features = np.load(store.files.root.parent / "pump_id_04.npz")["X_test"].reshape(20, 8)
    head = read_head(own.for_machine("").embedding.head, "pump", "04")
    if recipe == "head-nll":
        expected = class_nll(head.arrays, head_embeddings(head.arrays, features), np.array([1]))
        is_pump = pc.and_(pc.equal(rows["machine_type"], "pump"), pc.equal(rows["machine_id"], "04"))
        np.testing.assert_allclose(np.sort(rows.filter(is_pump)["anomaly_score"]), np.sort(expected), atol=1e-12)


def test_the_same_training_is_not_repeated_and_another_seed_is_another_head(trained):
    store, record = trained
    before = files_of(store.files.root).keys()
    again = train_heads(store, HEAD, "mine", training_clips(store), LocalEngine())
    assert again["already_complete"] and again["folder"] == record["folder"]
    assert files_of(store.files.root).keys() == before
    seeded = HEAD.with_settings({"training.seed": 1, "training.epochs": 1})
    assert train_heads(store, seeded, "other", training_clips(store), LocalEngine())["digest"] != record["digest"]


def test_one_head_for_all_machines_where_the_recipe_says_so(imported):
    store = Store(LocalFiles(imported))
    recipe = HEAD.with_settings({"training.head_per": "all", "training.epochs": 1})
    record = train_heads(store, recipe, "one", training_clips(store), LocalEngine())
    assert record["counts"]["heads"] == 1 and record["counts"]["classes"] == 4
    folder = f"{store.files.url}/{record['folder']}"
    assert read_head(folder, "pump", "00").own_classes == (2,) and read_head(folder, "valve", "00").own_classes == ()


def test_what_cannot_be_trained_is_told_in_one_line(imported):
    store = Store(LocalFiles(imported))
    clips = training_clips(store)

    def refused(message, error=AsdError, recipe=HEAD, some=clips):
        with pytest.raises(error, match=message):
            train_heads(store, recipe, "bad", some, LocalEngine())

    fan = clips.filter(pc.equal(clips["machine_type"], "fan"))
    alone = fan.filter(pc.equal(fan["machine_id"], "00"))
    refused('fan: 30 normal clips to learn from have only one class, .fan / 00.: .*head_per = "all"', some=alone)
    refused("there are no normal clips to train on", some=clips.slice(0, 0))
    refused(
        "has several encoders or transforms",
        UsageError,
        Recipe("mine", HEAD.settings | {"machine": {"fan": {"embedding.transform": "none"}}}),
    )
    unknown = HEAD.with_settings({"encoder.name": "nowhere"})
    refused("fan: none of 60 normal clips has an embedding, the first for this: no embedding is stored", recipe=unknown)
