import os
import shutil
import subprocess
import sys
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from asd_core.encoders.clap.gpt2 import digest_with_tokenizer, filled, load_tokenizer, under
from asd_core.errors import AsdError, UsageError


@given(st.text(max_size=40))
def test_any_text_survives_tokens(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text)) == text


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


@pytest.mark.slow
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
