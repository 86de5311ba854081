"""Exact statistics of batch normalisation: of the weights as they are, not a moving average over the steps before.

A moving average lags behind weights that move fast. After few steps, a network judges by statistics of weights that it
no longer has (Wu and Johnson, "Rethinking 'Batch' in BatchNorm", 2021, section 3).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from asd_core.training.world import Alone, World

MOST_BATCHES = 32


def has_statistics(network: nn.Module) -> bool:
    """True where a network normalises by batches."""
    return any(_layers(network))


@torch.no_grad()
def exact_statistics(network: nn.Module, batches: Iterable[Tensor], world: World | None = None) -> None:
    """Replace the running mean and variance of every batch normalisation by their means over some batches.

    Nothing is masked or dropped out, as when the network is used. The network is left in eval mode.

    Args:
        network: whose weights stay as they are.
        batches: inputs, at least one.
        world: the workers, whose statistics are averaged; None for one.
    """
    layers = list(_layers(network))
    momenta = [layer.momentum for layer in layers]
    network.eval()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # a plain mean over the batches
        layer.train()
    for inputs in batches:
        network(inputs)
    world = world or Alone()
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        for values in (layer.running_mean, layer.running_var):
            if values is not None:
                values.copy_(world.total(values) / world.size)
    network.eval()


def _layers(network: nn.Module) -> Iterable[_BatchNorm]:
    return (part for part in network.modules() if isinstance(part, _BatchNorm) and part.track_running_stats)
