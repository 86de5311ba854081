import os
import subprocess
import sys

import pytest
import torch
import transformers

from asd_core.encoders.anopatch.beats import Beats
from asd_core.encoders.anopatch.hub_models import random_model
from asd_core.encoders.anopatch.pretrained import new_backbone, weights_digest
from asd_core.encoders.anopatch.shapes import SHAPES, shape_settings
from asd_core.errors import UsageError


@pytest.fixture
def hub_folder(tmp_path):
    """Write a tiny model of a kind in the hub's layout; return its folder."""

    def write(kind, seed=5):
        torch.manual_seed(seed)
        random_model(kind, shape_settings(kind, "tiny")).model.save_pretrained(tmp_path / kind)
        return tmp_path / kind

    return write


def equal(one, other):
    return all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


@pytest.mark.parametrize("kind", SHAPES)
def test_random_weights_are_those_of_their_seed(kind):
    made = new_backbone(kind, "random:3", 0, size="tiny")
    assert equal(made, new_backbone(kind, "random", 3, size="tiny"))
    assert not equal(made, new_backbone(kind, "random:4", 3, size="tiny"))


def test_drawing_leaves_torchs_own_generator_alone():
    before = torch.get_rng_state()
    new_backbone("beats", "random", 0, size="tiny")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_folder_of_the_hubs_layout_is_found_by_path(hub_folder):
    folder = hub_folder("ast")
    theirs = transformers.ASTModel.from_pretrained(folder)
    assert equal(new_backbone("ast", str(folder), 0, size="tiny").model, theirs)


def test_a_checkpoint_of_beats_is_found_by_path(tmp_path):
    torch.manual_seed(6)
    tiny = shape_settings("beats", "tiny")
    given = Beats(tiny)
    torch.save({"cfg": tiny, "model": given.state_dict()}, tmp_path / "beats.pt")
    assert equal(new_backbone("beats", str(tmp_path / "beats.pt"), 0, size="tiny"), given)


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
        new_backbone(kind, weights, 0)


def test_the_digest_follows_the_weights_not_their_place(hub_folder, tmp_path):
    folder = hub_folder("ast")
    first = weights_digest("ast", str(folder))
    moved = folder.rename(tmp_path / "moved")
    assert weights_digest("ast", str(moved)) == first
    assert weights_digest("ast", str(hub_folder("ast", seed=6))) != first
    assert weights_digest("beats", "random") == weights_digest("beats", "random:0")
    sizes = [(weights, size) for weights in ("random", "random:1") for size in ("full", "tiny")]
    assert len({weights_digest("beats", *one) for one in sizes}) == 4


FROM_HUB = """
from asd_core.encoders.anopatch.pretrained import new_backbone, weights_digest
from asd_core.errors import AsdError
network = new_backbone("ast", "someone/tiny-ast", 0, size="tiny")
print(network.model.layernorm.weight[0].item(), network.mean.item(), weights_digest("ast", "someone/tiny-ast"))
try:
    new_backbone("wavlm", "someone/nothing", 0)
except AsdError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_repository_of_the_hub_is_taken_from_its_cache_or_missed_in_one_line(tmp_path):
    torch.manual_seed(7)
    model = random_model("ast", shape_settings("ast", "tiny")).model
    model.layernorm.weight.data[0] = 0.5
    cached = tmp_path / "hub" / "models--someone--tiny-ast"
    folder = cached / "snapshots" / "abc"
    model.save_pretrained(folder)
    # An older repository has no safetensors.
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "preprocessor_config.json").write_text('{"mean": -3.0}')
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run([sys.executable, "-c", FROM_HUB], env=environment, capture_output=True, text=True, check=False)
    first, second = ran.stdout.strip().split("\n")
    assert first == f"0.5 -3.0 {weights_digest('ast', str(folder))}", ran.stderr
    assert second.startswith("cannot get the file config.json of someone/nothing from the hub (HF_HUB_OFFLINE is set")
