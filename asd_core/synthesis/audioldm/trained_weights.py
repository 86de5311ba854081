"""The weights of AudioLDM that fine-tuning moves: the whole network, low-rank additions to it, or none."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import nn

from asd_core.encoders.anopatch.lora import Lora, add_lora
from asd_core.recipe.generator_settings import GeneratorConfig

Trains = Literal["unet", "lora", "nothing"]

PROJECTIONS = ("to_q", "to_v")
"""The layers of queries and values in diffusers' attention."""


def trained_part(unet: Any, config: GeneratorConfig) -> nn.Module:
    """Make the network ready for training, and return the module of all weights that move.

    Args:
        unet: is changed: with ``lora`` it computes with additions, zero at first, from now on.
        config: its ``trains`` and ``lora_rank``; the additions have a scale of 1 and follow from its ``seed``.
    """
    unet.requires_grad_(False)
    if config.trains == "unet":
        return unet.requires_grad_(True)  # type: ignore[no-any-return]
    if config.trains == "lora":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            add_lora(unet, config.lora_rank, config.lora_rank, PROJECTIONS)
        return lora_part(unet)
    return nn.ModuleDict()


def lora_part(unet: nn.Module) -> nn.ModuleDict:
    """The low-rank additions of a network alone, by the paths of their layers, with ``:`` for each dot."""
    found = {path: part for path, part in unet.named_modules() if isinstance(part, Lora)}
    return nn.ModuleDict({path.replace(".", ":"): part for path, part in found.items()})
