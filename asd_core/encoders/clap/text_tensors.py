"""Seeded random tensors for the text side of MS-CLAP: GPT-2, the text tower's projection, the caption decoder's mapper.

All of the real shape and float32, and the same for the same seed everywhere: uniform draws need no logarithm, and each
function has a generator of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asd_core.encoders.clap.audio_tensors import EMBEDDING_DIM, drawn

if TYPE_CHECKING:
    from torch import Tensor

VOCABULARY = 50_257
WIDTH, LAYERS, POSITIONS = 768, 12, 1024  # GPT-2's
PREFIX, MAPPER_LAYERS = 40, 8

# Standard deviations, so that captions differ from clip to clip. A token's vector is long beside trained ones, which
# makes the distribution over the next token as peaked as a trained one. Positions weigh still more, or loops would
# follow the first words, and the blocks outweigh both, or each token would ask for itself again. Attention is mild:
# the sharper it is, the more of float32's rounding reaches the logits.
_TOKEN, _POSITION, _ATTENTION, _HIDDEN, _OUT = 0.2, 0.4, 0.04, 0.08, 0.016
# So that captions end by themselves at different lengths, later positions lean towards the stop token's vector: from
# none at the first of these positions to this length at the second. A caption starts at position 40.
_STOP_ID, _LEAN, _LEAN_FROM, _LEAN_TO = 220, 25.0, 34, 64

# An embedding of length 1 becomes vectors as long as the mapper's constants, and its attention chooses among them, so
# that embeddings in nearly the same direction still get different prefixes.
_EMBEDDING_GAIN, _CHOICE_GAIN = 30.0, 2.0


def random_gpt2(seed: int) -> dict[str, Tensor]:
    """Weights of GPT-2's real shape, named as in ``GPT2Model``."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    tokens = drawn(generator, (VOCABULARY, WIDTH), _TOKEN)
    positions = drawn(generator, (POSITIONS, WIDTH), _POSITION)
    ramp = ((torch.arange(POSITIONS) - _LEAN_FROM) / (_LEAN_TO - _LEAN_FROM)).clamp(0, 1)
    positions += _LEAN * ramp[:, None] * torch.nn.functional.normalize(tokens[_STOP_ID], dim=0)
    weights = {"wte.weight": tokens, "wpe.weight": positions} | _norm("ln_f", WIDTH)
    shapes = {
        "attn.c_attn": (WIDTH, 3 * WIDTH, _ATTENTION),
        "attn.c_proj": (WIDTH, WIDTH, _OUT),
        "mlp.c_fc": (WIDTH, 4 * WIDTH, _HIDDEN),
        "mlp.c_proj": (4 * WIDTH, WIDTH, _OUT),
    }
    for block in (f"h.{layer}" for layer in range(LAYERS)):
        weights |= _norm(f"{block}.ln_1", WIDTH) | _norm(f"{block}.ln_2", WIDTH)
        for name, (into, out, deviation) in shapes.items():
            weights[f"{block}.{name}.weight"] = drawn(generator, (into, out), deviation)
            weights[f"{block}.{name}.bias"] = torch.zeros(out)
        # What comes in has a positive mean, which would push all texts towards the same few tokens.
        weights[f"{block}.mlp.c_proj.weight"] -= weights[f"{block}.mlp.c_proj.weight"].mean(0)
    return weights


def random_projection(seed: int) -> dict[str, Tensor]:
    """The projection of msclap's ``TextEncoder``, named as there."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    shapes = {"linear1": (EMBEDDING_DIM, WIDTH), "linear2": (EMBEDDING_DIM, EMBEDDING_DIM)}
    made = {f"projection.{name}.weight": drawn(generator, shape, shape[1] ** -0.5) for name, shape in shapes.items()}
    return made | _norm("projection.layer_norm", EMBEDDING_DIM)


def random_mapper(seed: int) -> dict[str, Tensor]:
    """The mapper of the caption decoder, named as in msclap's ``TransformerMapper``."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    made = {
        "prefix_const": drawn(generator, (PREFIX, WIDTH), 1.0),
        "linear.weight": drawn(generator, (PREFIX * WIDTH, EMBEDDING_DIM), _EMBEDDING_GAIN * EMBEDDING_DIM**-0.5),
        "linear.bias": torch.zeros(PREFIX * WIDTH),
    }
    shapes = {
        "attn.to_queries": (WIDTH, WIDTH, _CHOICE_GAIN),
        "attn.to_keys_values": (2 * WIDTH, WIDTH, _CHOICE_GAIN),
        "attn.project": (WIDTH, WIDTH, 1.0),
        "mlp.fc1": (2 * WIDTH, WIDTH, 1.0),
        "mlp.fc2": (WIDTH, 2 * WIDTH, 1.0),
    }
    for layer in (f"transformer.layers.{index}" for index in range(MAPPER_LAYERS)):
        made |= _norm(f"{layer}.norm1", WIDTH) | _norm(f"{layer}.norm2", WIDTH)
        for name, (out, into, gain) in shapes.items():
            made[f"{layer}.{name}.weight"] = drawn(generator, (out, into), gain * into**-0.5)
            if not name.startswith("attn.to_"):
                made[f"{layer}.{name}.bias"] = torch.zeros(out)
    return made


def _norm(name: str, width: int) -> dict[str, Tensor]:
    import torch

    return {f"{name}.weight": torch.ones(width), f"{name}.bias": torch.zeros(width)}
