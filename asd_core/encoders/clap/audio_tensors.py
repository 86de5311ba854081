"""The tensors of MS-CLAP's audio tower that reach an embedding: names, shapes, and seeded random ones.

The tower is HTS-AT (Chen et al. 2022) under a projection (Elizalde et al. 2023). What it computes beside the embedding
(classes, their place in time) has tensors too, which are left out here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor

N_FFT, HOP, MELS = 1024, 320, 64  # samples, samples, rows: whatever the recipe of the original says
FRAMES = 1024  # that one pass sees; fewer are stretched to it
LATENT_DIM = 768
EMBEDDING_DIM = 1024

HTSAT = "base.htsat."
KERNELS = tuple(f"{HTSAT}spectrogram_extractor.stft.conv_{part}.weight" for part in ("real", "imag"))
FILTERBANK = f"{HTSAT}logmel_extractor.melW"

_WIDTH, _DEPTHS, _HEADS, _WINDOW, _SIDE = 96, (2, 2, 6, 2), (4, 8, 16, 32), 8, 64

# So that different sounds are far apart, which they are not in a network as it is usually initialised: recordings'
# levels in dB come near 0 ± 1, and weights are twice as large as keeps a signal's variance. Two machines' embeddings
# then differ by some 40 % of their length and two clips of one machine by 5 %; weights half as large again would
# make the network chaotic, so that rounding showed.
_MEAN_DB, _DEVIATION_DB = -40.0, 20.0
_GAIN, _BIAS = 2.0, 0.1


def tensor_shapes() -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor that reaches the embedding, as msclap's ``AudioEncoder`` names them."""
    bins = N_FFT // 2 + 1
    shapes: dict[str, tuple[int, ...]] = {name: (bins, 1, N_FFT) for name in KERNELS}
    shapes[FILTERBANK] = (bins, MELS)
    shapes |= {f"{HTSAT}bn0.{name}": (MELS,) for name in ("weight", "bias", "running_mean", "running_var")}
    shapes[f"{HTSAT}patch_embed.proj.weight"] = (_WIDTH, 1, 4, 4)
    shapes |= _norm(f"{HTSAT}patch_embed.norm", _WIDTH) | {f"{HTSAT}patch_embed.proj.bias": (_WIDTH,)}
    for stage, (depth, heads) in enumerate(zip(_DEPTHS, _HEADS, strict=True)):
        width, side = _WIDTH << stage, _SIDE >> stage
        for block in range(depth):
            shapes |= _block(f"{HTSAT}layers.{stage}.blocks.{block}", width, heads, side, is_shifted=block % 2 == 1)
        if stage < len(_DEPTHS) - 1:
            shapes[f"{HTSAT}layers.{stage}.downsample.reduction.weight"] = (2 * width, 4 * width)
            shapes |= _norm(f"{HTSAT}layers.{stage}.downsample.norm", 4 * width)
    shapes |= _norm(f"{HTSAT}norm", LATENT_DIM)
    shapes["projection.linear1.weight"] = (EMBEDDING_DIM, LATENT_DIM)
    shapes["projection.linear2.weight"] = (EMBEDDING_DIM, EMBEDDING_DIM)
    return shapes | _norm("projection.layer_norm", EMBEDDING_DIM)


def random_tensors(seed: int) -> dict[str, Tensor]:
    """Name → float32 tensor of a tower that nobody trained: all but what follows from the architecture alone.

    The same for the same seed in every process and on every machine: a uniform draw needs no logarithm, whose last bit
    would depend on the processor.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    made = {}
    for name, shape in tensor_shapes().items():
        if name in KERNELS or name == FILTERBANK or name.endswith(("attn_mask", "relative_position_index")):
            continue
        owner = name.rsplit(".", 2)[-2]
        if owner == "bn0":
            value = {"running_mean": _MEAN_DB, "running_var": _DEVIATION_DB**2, "weight": 1.0, "bias": 0.0}
            made[name] = torch.full(shape, value[name.rsplit(".", 1)[-1]])
        elif "norm" in owner:
            made[name] = torch.full(shape, float(name.endswith("weight")))
        else:
            deviation = _GAIN / math.sqrt(math.prod(shape[1:])) if name.endswith("weight") else _BIAS
            made[name] = drawn(generator, shape, deviation)
    return made


def drawn(generator: Generator, shape: tuple[int, ...], deviation: float) -> Tensor:
    """A float32 tensor drawn uniformly about 0, with this standard deviation."""
    import torch

    return torch.rand(shape, generator=generator).sub_(0.5).mul_(math.sqrt(12) * deviation)


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _block(name: str, width: int, heads: int, side: int, *, is_shifted: bool) -> dict[str, tuple[int, ...]]:
    """A Swin block: windows of 8 x 8 tokens, every second one shifted by half a window where there are several."""
    tokens = _WINDOW**2
    shapes: dict[str, tuple[int, ...]] = {}
    if is_shifted and side > _WINDOW:
        shapes[f"{name}.attn_mask"] = ((side // _WINDOW) ** 2, tokens, tokens)
    shapes[f"{name}.attn.relative_position_bias_table"] = ((2 * _WINDOW - 1) ** 2, heads)
    shapes[f"{name}.attn.relative_position_index"] = (tokens, tokens)
    for layer, (rows, columns) in {
        "attn.qkv": (3 * width, width),
        "attn.proj": (width, width),
        "mlp.fc1": (4 * width, width),
        "mlp.fc2": (width, 4 * width),
    }.items():
        shapes[f"{name}.{layer}.weight"] = (rows, columns)
        shapes[f"{name}.{layer}.bias"] = (rows,)
    return shapes | _norm(f"{name}.norm1", width) | _norm(f"{name}.norm2", width)
