import json

import pytest

from asd_core.encoders.checkpoint_files import TrainedEncoder
from asd_core.encoders.head.stored import NewHead
from asd_core.errors import AsdError, UsageError
from asd_core.recipe.fields import scorer_fields
from asd_core.recipe.named_encoder import check_changes, with_encoder
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.heads import small_arrays, stored_heads
from tests.tiny_encoder import KIND

NAMES = {"own": {"kind": KIND, "folder": "trained/own/ab"}, "old": {"kind": "imported"}}
KNN = load_recipe("twfr-knn")


@pytest.fixture
def store(tmp_path):
    """Addresses of two places with the same trained encoder."""
    for place in ("here", "there"):
        folder = tmp_path / place / "trained/own/ab"
        folder.mkdir(parents=True)
        folder.joinpath("encoder.json").write_bytes(
            TrainedEncoder("ab", {"kind": KIND, "width": 4, "clip_seconds": 1.0}, (), 8, 16_000).to_json()
        )
    return tmp_path


def test_a_trained_encoder_takes_the_place_of_the_whole_encoder_and_of_its_overrides(store):
    recipe = Recipe("mine", KNN.settings | {"machine": {"fan": {"encoder.r": 0.5, "detector.k": 1}, "saw": {}}})
    named = with_encoder(recipe, "own", NAMES, f"{store}/here").for_machine("fan")
    assert (named.encoder.kind, named.encoder.name, named.detector.k) == (KIND, "own", 1)
    assert json.loads(named.encoder.options) == {"digest": "ab", "weights": f"{store}/here/trained/own/ab", "width": 4}


def test_a_store_that_moved_keeps_its_keys(store):
    here, there = (with_encoder(KNN, "own", NAMES, f"{store}/{place}") for place in ("here", "there"))
    assert here.settings != there.settings
    assert here.key() == there.key() != KNN.key() and scorer_fields(here) == scorer_fields(there)
    assert here.resolved() == there.resolved()


def test_imported_names_go_with_recipes_of_imported_embeddings_as_ever():
    assert with_encoder(load_recipe("imported-knn"), "new", {}, "").for_machine("").encoder.name == "new"
    with pytest.raises(UsageError, match="makes its own embeddings, so --encoder old, which are imported"):
        with_encoder(KNN, "old", NAMES, "")


def test_a_name_that_is_not_there_is_one_line():
    with pytest.raises(UsageError, match="no encoder 'owm'; did you mean 'own'"):
        with_encoder(KNN, "owm", NAMES, "")
    with pytest.raises(UsageError, match="no encoder 'own': it has none yet"):
        with_encoder(KNN, "own", {}, "")
    with pytest.raises(AsdError, match="gone from the store: restore trained/own/ab"):
        with_encoder(KNN, "own", NAMES, "/nowhere")


def test_a_change_that_would_be_another_network_is_refused():
    check_changes("own", ["encoder.batch_size", "encoder.precision"])
    with pytest.raises(UsageError, match="--set encoder.width: the encoder own is trained as it is"):
        check_changes("own", ["encoder.width"])


def test_a_head_names_the_embeddings_that_it_takes_and_is_their_transform(tmp_path):
    store = Store(LocalFiles(tmp_path))
    address = stored_heads(store, NewHead("", ("07",), {"fan": {"07": [0]}}, small_arrays(classes=1)))
    names = {"mine": {"kind": "head", "folder": address.removeprefix(store.files.url + "/")}}
    named = with_encoder(load_recipe("imported-knn"), "mine", names, store.files.url).for_machine("")
    assert (named.encoder.kind, named.encoder.name) == ("imported", "made")
    assert (named.embedding.transform, named.embedding.head) == ("head", address)
    assert with_encoder(KNN, "mine", names, store.files.url).for_machine("").encoder.name == "made"
    with pytest.raises(AsdError, match=r"the trained head mine is gone from the store: restore trained/mine/"):
        with_encoder(KNN, "mine", names, "/nowhere")
