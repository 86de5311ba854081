"""Weights as MS-CLAP's files hold them, all random, and msclap's own wrapper on them."""

import contextlib

import torch

from asd_core.encoders.clap.audio_tower import load_audio_tower
from asd_core.encoders.clap.msclap_package import msclap_module, without_traces
from asd_core.encoders.clap.text_tensors import random_gpt2, random_mapper, random_projection
from asd_core.encoders.clap.weights import CLAP_2023, CLAPCAP_2023
from tests.asd_core.encoders.clap.gpt2_files import write_gpt2


def write_gpt2_of_the_hub(folder):
    """What MS-CLAP's own classes start from; their checkpoint replaces its weights."""
    write_gpt2(folder / "gpt2", seed=99)


def write_clapcap(folder, seed=0):
    """As ``clapcap_weights_2023.pth``, masks of older transformers and the tied output layer included."""
    gpt2 = random_gpt2(seed)
    state = prefixed("clap.", load_audio_tower(f"random:{seed}").module.state_dict())
    state |= prefixed("clap_project.", random_mapper(seed)) | prefixed("gpt.transformer.", gpt2)
    state |= {"gpt.lm_head.weight": gpt2["wte.weight"], "gpt.transformer.h.0.attn.masked_bias": torch.tensor(-1e4)}
    return write(folder / CLAPCAP_2023, state)


def write_clap(folder, seed=0):
    """As ``CLAP_weights_2023.pth``."""
    state = prefixed("audio_encoder.", load_audio_tower(f"random:{seed}").module.state_dict())
    state |= prefixed("caption_encoder.base.", random_gpt2(seed)) | prefixed(
        "caption_encoder.", random_projection(seed)
    )
    return write(folder / CLAP_2023, state | {"logit_scale": torch.tensor(3.0)})


def write(path, state):
    torch.save({"model": state}, path)
    return path


def prefixed(prefix, tensors):
    return {prefix + name: tensor for name, tensor in tensors.items()}


def wrapper(file, version, use_cuda=False):
    """msclap's ``CLAPWrapper`` by its own constructor, with waveforms (B, T) at 44,100 Hz in place of files."""

    class InMemory(msclap_module("CLAPWrapper").CLAPWrapper):
        def preprocess_audio(self, audio_files, resample):
            return torch.as_tensor(audio_files, device="cuda" if use_cuda else "cpu")[:, None]

    with without_traces(), contextlib.chdir(file.parent):  # where it finds "gpt2" as a folder
        return InMemory(file, version=version, use_cuda=use_cuda)


def with_embeddings(made):
    """The same wrapper, with embeddings (N, 1024) in the place of waveforms."""

    class Embedded(torch.nn.Module):
        def forward(self, embeddings):
            return embeddings, None

    made.clapcap.clap = Embedded()
    return made


def embeddings(count, alike=0.7, seed=0):
    """(N, 1024) float32 around a common direction, of mean 0 and deviation 1 as MS-CLAP's last layer makes them."""
    generator = torch.Generator().manual_seed(seed)
    common = torch.randn(1, 1024, generator=generator)
    drawn = alike**0.5 * common + (1 - alike) ** 0.5 * torch.randn(count, 1024, generator=generator)
    return torch.nn.functional.layer_norm(drawn, (1024,)).numpy()
