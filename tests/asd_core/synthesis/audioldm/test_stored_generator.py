import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save

from asd_core.errors import AsdError, UsageError
from asd_core.store.store import open_store
from asd_core.synthesis.audioldm.publishing import point_to_generator, publish_generator
from asd_core.synthesis.audioldm.stored_generator import described, load_generator, read_generator
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components
from tests.asd_core.synthesis.audioldm.tones import pairs, write_tones


@pytest.fixture
def stored(tmp_path):
    """A store with a generator whose network is that of another seed."""
    store = open_store(str(tmp_path / "store"))
    tensors = tiny_components(1).unet.state_dict()
    rows = pairs(write_tones(tmp_path / "archive"))
    folder, made = publish_generator(store, "own", TINY, rows, save(tensors), [], (("fan",), ()))
    point_to_generator(store, "own", folder, made.digest)
    return store, folder


def test_a_stored_generator_comes_back_with_the_parts_it_started_from(stored):
    made = load_generator(stored[0], "own")
    network, vae = tiny_components(1).unet.state_dict(), tiny_components(0).vae.state_dict()
    assert all(torch.equal(value, network[name]) for name, value in made.unet.state_dict().items())
    assert all(torch.equal(value, vae[name]) for name, value in made.vae.state_dict().items())


def test_the_digest_follows_the_weights_trained_and_not(stored):
    tensors = {"a": torch.zeros(2)}
    one = described(TINY, tensors, (), ()).digest
    assert one == described(replace(TINY, guidance=1.0), tensors, ("fan",), ()).digest
    others = [
        described(TINY, {"a": torch.ones(2)}, (), ()),
        described(replace(TINY, weights="random:1"), tensors, (), ()),
        described(replace(TINY, trains="nothing"), {}, (), ()),
    ]
    assert len({one, *(other.digest for other in others)}) == 4
    assert all(other.digest.startswith("random-") for other in others)


def test_a_name_that_is_not_there_names_those_that_are(stored):
    with pytest.raises(UsageError, match="no generator 'ovn'; did you mean 'own'"):
        read_generator(stored[0], "ovn")


def test_a_store_without_generators_says_who_makes_one(tmp_path):
    with pytest.raises(UsageError, match="no generator 'own'; asd synthesize makes one"):
        load_generator(open_store(str(tmp_path)), "own")


def test_other_tensors_than_were_trained_are_refused(stored):
    store, folder = stored
    store.files.write(f"{folder}/unet.safetensors", save({"a": torch.zeros(1)}))
    with pytest.raises(AsdError, match="does not hold the tensors that were trained"):
        load_generator(store, "own")


@pytest.mark.parametrize("data", [b"{", b"{}", b'{"format": 1, "digest": 3}'])
def test_a_broken_description_is_one_line(stored, data):
    store, folder = stored
    store.files.write(f"{folder}/generator.json", data)
    with pytest.raises(AsdError, match="generator.json is gone or broken"):
        load_generator(store, "own")


def test_a_generator_whose_start_has_changed_is_refused(stored):
    store, folder = stored
    path = f"{folder}/generator.json"
    content = json.loads(store.files.read(path))
    content["generator"]["weights"] = "random:5"
    store.files.write(path, json.dumps(content).encode())
    with pytest.raises(AsdError, match="the weights are not those that the generator"):
        load_generator(store, "own")
