import json

import pytest
import torch
import transformers

from asd_core.encoders.anopatch.beats import TINY, Beats
from asd_core.encoders.anopatch.hub_models import HUB_MODELS
from asd_core.encoders.anopatch.pretrained import BACKBONES, new_backbone, weights_digest
from asd_core.errors import AsdError, UsageError


@pytest.fixture
def hub_folder(tmp_path):
    """Write a tiny model of a kind in the hub's layout; return its folder."""

    def write(kind, seed=5, **preprocessor):
        spec = HUB_MODELS[kind]
        torch.manual_seed(seed)
        model = getattr(transformers, f"{spec.name}Model")(spec.config("tiny"))
        model.save_pretrained(tmp_path / kind)
        (tmp_path / kind / "preprocessor_config.json").write_text(json.dumps(preprocessor))
        return tmp_path / kind

    return write


def equal(one, other):
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("kind", BACKBONES)
def test_random_weights_are_those_of_their_seed(kind):
    made = new_backbone(kind, "random:3", "tiny", 0)
    assert equal(made, new_backbone(kind, "random", "tiny", 3))
    assert not equal(made, new_backbone(kind, "random:4", "tiny", 3))


def test_drawing_leaves_torchs_own_generator_alone():
    before = torch.get_rng_state()
    new_backbone("beats", "random", "tiny", 0)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("kind", ["ast", "wavlm"])
def test_a_folder_of_the_hubs_layout_is_loaded_with_its_normalisation(hub_folder, kind):
    folder = hub_folder(kind, **({"mean": -3.0, "std": 2.0} if kind == "ast" else {"do_normalize": False}))
    made = new_backbone(kind, str(folder), "full", 0)
    spec = HUB_MODELS[kind]
    theirs = getattr(transformers, f"{spec.name}Model").from_pretrained(folder)
    assert equal(made.model, theirs)
    assert (made.mean, made.std) == (-3.0, 2.0) if kind == "ast" else not made.do_normalize
    assert kind == "ast" or not made.model.config.apply_spec_augment


def test_a_model_of_another_kind_or_without_a_tensor_is_one_line(hub_folder, tmp_path):
    folder = hub_folder("wavlm")
    with pytest.raises(AsdError, match="says model_type = 'wavlm', not 'hubert'"):
        new_backbone("hubert", str(folder), "full", 0)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "num_hidden_layers": 3}))
    with pytest.raises(AsdError, match=r"lacks the tensor encoder\.layers\.2"):
        new_backbone("wavlm", str(folder), "full", 0)
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(AsdError, match="cannot be loaded as a model of WavLM") as caught:
        new_backbone("wavlm", str(folder), "full", 0)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_beats_is_found_by_path(tmp_path):
    torch.manual_seed(6)
    given = Beats(TINY)
    torch.save({"cfg": dict(TINY), "model": given.state_dict()}, tmp_path / "beats.pt")
    assert equal(new_backbone("beats", str(tmp_path / "beats.pt"), "full", 0), given)


@pytest.mark.parametrize(
    ("kind", "weights", "message"),
    [
        ("beats", "hub", "BEATs is on no hub: download BEATs_iter3.pt"),
        ("beats", "/nowhere/beats.pt", "there is no such file"),
        ("ast", "/nowhere/ast", "there is no such folder"),
        ("ast", "random:x", "the seed must be a whole number"),
    ],
)
def test_weights_that_are_not_there_are_one_line(kind, weights, message):
    with pytest.raises(UsageError, match=message):
        new_backbone(kind, weights, "full", 0)


def test_the_digest_follows_the_weights_not_their_place(hub_folder, tmp_path):
    folder = hub_folder("ast")
    first = weights_digest("ast", str(folder), "full")
    moved = folder.rename(tmp_path / "moved")
    assert weights_digest("ast", str(moved), "full") == first
    assert weights_digest("ast", str(hub_folder("ast", seed=6)), "full") != first
    assert weights_digest("beats", "random", "full") == weights_digest("beats", "random:0", "full")
    assert len({weights_digest("beats", weights, size) for weights in ("random", "random:1") for size in "ab"}) == 4
