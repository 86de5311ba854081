import os
import shutil
import subprocess
import sys
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from asd_core.encoders.clap.gpt2 import STOP, digest_with_tokenizer, filled, language_network, load_tokenizer, under
from asd_core.encoders.clap.random_gpt2 import pseudo_words
from asd_core.encoders.clap.text_tensors import random_gpt2, random_mapper, random_projection
from asd_core.errors import AsdError, UsageError
from tests.asd_core.encoders.clap.gpt2_files import write_hub_cache


@pytest.fixture(scope="module")
def tokenizer():
    return load_tokenizer("random")


def test_the_made_up_words_are_as_many_as_gpt2s_with_its_bytes_and_its_end(tokenizer):
    assert len(tokenizer) == len(pseudo_words()[0]) == 50_257
    assert len(pseudo_words()[1]) == 50_000
    assert [tokenizer.encode(text) for text in ("!", " ", "A", "~", "\n")] == [[0], [220], [32], [93], [198]]
    assert tokenizer.encode(STOP) == [220, 50_256]


def test_a_made_up_word_is_one_token(tokenizer):
    for word in ("ba", "zuzu", " like", "bababa", " bababa"):
        assert len(tokenizer.encode(word)) == 1
    assert len(tokenizer.encode("Sounds like")) == 7


@given(st.text(max_size=40))
def test_any_text_survives_tokens(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_random_tensors_come_from_their_seed_alone():
    before = torch.random.get_rng_state()
    for make in (random_projection, random_mapper):
        one, same, other = make(0), make(0), make(1)
        assert all(torch.equal(one[name], same[name]) for name in one)
        assert not torch.equal(one[next(iter(one))], other[next(iter(other))])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_network_is_filled_without_drawing_or_copying():
    tensors = {"weight": torch.ones(3, 2), "bias": torch.zeros(3)}
    before = torch.random.get_rng_state()
    layer = filled(lambda: torch.nn.Linear(2, 3), tensors, "a layer")
    assert layer.weight.data_ptr() == tensors["weight"].data_ptr() and not layer.training
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    "tensors", [{}, {"weight": torch.ones(3, 3)}, {"weight": torch.ones(3, 2), "odd": torch.ones(1)}]
)
def test_tensors_that_do_not_fit_are_one_line(tensors):
    with pytest.raises(
        AsdError, match="^a layer: not the tensors of MS-CLAP 2023: .*(Missing|mismatch|Unexpected)"
    ) as told:
        filled(lambda: torch.nn.Linear(2, 3, bias=False), tensors, "a layer")
    assert "\n" not in str(told.value)


def test_masks_of_older_checkpoints_are_left_out():
    one = torch.ones(1)
    tensors = {
        "gpt.h.0.attn.bias": one,
        "gpt.h.0.attn.masked_bias": one,
        "gpt.h.0.attn.c_attn.bias": one,
        "clap.x": one,
    }
    assert list(under(tensors, "gpt.")) == ["h.0.attn.c_attn.bias"]


@pytest.fixture(scope="module")
def hub_cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    snapshot = write_hub_cache(folder)
    yield folder
    (snapshot / "model.safetensors").unlink()


def test_transformers_finds_the_random_gpt2_in_the_hubs_cache(hub_cache, tokenizer):
    from transformers import AutoTokenizer, GPT2LMHeadModel

    offline = {"cache_dir": hub_cache, "local_files_only": True}
    network = GPT2LMHeadModel.from_pretrained("gpt2", use_safetensors=True, **offline).eval()
    ours = language_network({f"transformer.{name}": tensor for name, tensor in random_gpt2(0).items()}, "ours")
    ids = torch.tensor([AutoTokenizer.from_pretrained("gpt2", **offline).encode("Sounds like a fan")])
    assert ids.tolist() == [tokenizer.encode("Sounds like a fan")]
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids).logits, network(ids).logits, rtol=0, atol=1e-4)


def test_the_tokenizer_is_taken_from_the_folder_beside_the_weights(hub_cache, tokenizer, tmp_path):
    (tmp_path / "gpt2").symlink_to(next((hub_cache / "models--gpt2" / "snapshots").iterdir()))
    for source in (tmp_path, tmp_path / "clapcap_weights_2023.pth"):
        assert digest_with_tokenizer(load_tokenizer(str(source))) == digest_with_tokenizer(tokenizer)
    assert digest_with_tokenizer(tokenizer, "other") != digest_with_tokenizer(tokenizer)


def test_another_tokenizer_is_refused(tmp_path):
    (tmp_path / "gpt2").mkdir()
    (tmp_path / "gpt2" / "vocab.json").write_text('{"a": 0, "b": 1}')
    (tmp_path / "gpt2" / "merges.txt").write_text("#version: 0.2\n")
    with pytest.raises(UsageError, match="gpt2 holds (no|another) tokenizer"):
        load_tokenizer(str(tmp_path))


PROGRAM = """
import shutil, sys
from asd_core.encoders.clap.gpt2 import *
print(len(load_tokenizer("hub")))
shutil.rmtree(sys.argv[1])
try:
    load_tokenizer("hub")
except AsdError as error:
    print(error)
"""


def test_the_hub_is_asked_for_the_tokenizer_only_where_its_cache_lacks_it(hub_cache, tmp_path):
    shutil.copytree(
        hub_cache, tmp_path / "hub", ignore=shutil.ignore_patterns("*.safetensors", "tokenizer*", "config*")
    )
    out_of_reach = {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "0", "HF_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "hub")]
    environment = {**os.environ, **out_of_reach, "NO_PROXY": "*"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    there, missing = run.stdout.splitlines()
    assert there == "50257"
    assert "Connection refused" in missing and "put its files vocab.json and merges.txt into a folder gpt2" in missing


def test_warnings_stay_on():
    with pytest.raises(UserWarning, match="still heard"):
        warnings.warn("still heard", stacklevel=1)
