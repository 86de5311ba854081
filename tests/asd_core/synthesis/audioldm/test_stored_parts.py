import json
import shutil
from dataclasses import replace

import pytest
import torch

from asd_core.errors import AsdError
from asd_core.synthesis.audioldm.components import NETWORKS, load_components
from asd_core.synthesis.audioldm.text import text_embeddings
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    for name in (*NETWORKS, "scheduler", "tokenizer"):
        getattr(tiny_components(), name).save_pretrained(folder / name)
    return folder


@pytest.fixture
def broken(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "weights")
    return tmp_path / "weights"


def load(folder):
    return load_components(replace(TINY, weights=str(folder)))


def test_a_folder_in_the_published_layout_gives_back_what_was_saved(saved):
    made, again = tiny_components(), load(saved)
    for name in NETWORKS:
        kept = getattr(made, name).state_dict()
        assert all(torch.equal(value, kept[key]) for key, value in getattr(again, name).state_dict().items())
    assert again.vae.config.scaling_factor == made.vae.config.scaling_factor
    assert torch.equal(text_embeddings(again, ["a fan"]), text_embeddings(made, ["a fan"]))
    assert again.note == ""


@pytest.mark.parametrize("name", ["vae/config.json", "unet/diffusion_pytorch_model.safetensors"])
def test_a_folder_that_lacks_a_file_is_one_line(broken, name):
    (broken / name).unlink()
    with pytest.raises(AsdError, match=f"lacks {name}"):
        load(broken)


def test_a_pickle_in_the_place_of_tensors_is_not_read(broken):
    (broken / "vocoder" / "model.safetensors").rename(broken / "vocoder" / "pytorch_model.bin")
    with pytest.raises(AsdError, match="lacks vocoder/model.safetensors.*pickles are not read"):
        load(broken)


def test_weights_of_another_size_are_one_line(saved):
    with pytest.raises(AsdError, match="block_out_channels.*generator.size = 'small'"):
        load_components(replace(TINY, weights=str(saved), size="small"))


def test_other_noise_levels_are_one_line(broken):
    path = broken / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"beta_end": 0.02}))
    with pytest.raises(AsdError, match="beta_end = 0.02"):
        load(broken)


def test_a_broken_file_is_one_line(broken):
    (broken / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(AsdError, match="vae cannot be read as a part of AudioLDM"):
        load(broken)


def test_a_missing_tensor_is_named(broken):
    from safetensors.torch import load_file, save_file

    path = broken / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(path)
    del tensors["conv_in.weight"]
    save_file(tensors, path, {"format": "pt"})
    with pytest.raises(AsdError, match="lacks the tensor conv_in.weight"):
        load(broken)
