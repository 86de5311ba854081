"""LoRA (Hu et al. 2022, section 4.1): a frozen weight W becomes W + (alpha / rank) · up · down; up and down learn.

Written as a parametrisation of the weight, so that it also reaches layers whose weights a model reads without calling
them, as WavLM's attention does.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from asd_core.errors import UsageError

QUERIES_AND_VALUES = ("q_proj", "v_proj", "query", "value")
"""Names of the layers of queries and values in BEATs, the wav2vec 2.0 family and AST."""


class Lora(nn.Module):
    """The learned difference of one weight (out, in): zero at first."""

    def __init__(self, weight: Tensor, rank: int, alpha: float) -> None:
        super().__init__()
        rows, columns = weight.shape
        self.scale = alpha / rank
        self.down = nn.Parameter(torch.empty(rank, columns, dtype=weight.dtype, device=weight.device))
        self.up = nn.Parameter(torch.zeros(rows, rank, dtype=weight.dtype, device=weight.device))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with the difference added, (out, in)."""
        return weight + self.scale * (self.up @ self.down)


def add_lora(module: nn.Module, rank: int, alpha: float, names: tuple[str, ...] = QUERIES_AND_VALUES) -> int:
    """Give the linear layers of these names, wherever they are in a module, a LoRA of this rank; return their number.

    Raises:
        UsageError: the module has none of them.
    """
    chosen = [
        layer
        for path, layer in module.named_modules()
        if path.rpartition(".")[2] in names and isinstance(layer, nn.Linear)
    ]
    if not chosen:
        raise UsageError(f"encoder.lora_rank = {rank}: this backbone has no layers {', '.join(names)}; leave it out")
    for layer in chosen:
        parametrize.register_parametrization(layer, "weight", Lora(layer.weight, rank, alpha))
    return len(chosen)


def merge_lora(module: nn.Module) -> None:
    """Write every LoRA of a module into its weight and remove it: the module computes what it did before."""
    for layer in list(module.modules()):
        if isinstance(layer, nn.Linear) and parametrize.is_parametrized(layer, "weight"):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)


def lora_parameters(module: nn.Module) -> list[nn.Parameter]:
    """The parameters of every LoRA of a module."""
    return [value for part in module.modules() if isinstance(part, Lora) for value in part.parameters()]
