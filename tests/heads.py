"""Small heads for tests: networks as if trained, and their plain arrays."""

import numpy as np
import torch

from asd_core.encoders.head.network import HeadNetwork, HeadShape
from asd_core.encoders.head.stored import write_heads


def normed(network, seed=0):
    """The network in eval mode, with running means and variances that change something."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            for tensor in (module.running_mean, module.running_var, module.weight.data, module.bias.data):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return network.eval()


def arrays_of(network, logarithm=False, members=1, classes=3, sub_clusters=2):
    """Plain arrays of a network on embeddings that are standardised already, with random centres."""
    dim, width = network.columns.numel(), sum(network.branch_dims) // members
    centres = np.random.default_rng(0).normal(size=(members, classes * sub_clusters, width))
    return {
        **network.folded(),
        "logarithm": np.array([logarithm], np.uint8),
        "mean": np.zeros(dim),
        "deviation": np.ones(dim),
        "columns": network.columns.numpy(),
        "members": np.array([members]),
        "centres": (centres / np.linalg.norm(centres, axis=2, keepdims=True)).astype(np.float32),
        "scale": np.array([5.0]),
        "classes": np.array([classes]),
    }


def small_arrays(dim=8, seed=0, **changes):
    """Arrays of a head whose weights were drawn and never trained."""
    return arrays_of(normed(HeadNetwork(dim, HeadShape((5,), 4), seed), seed), **changes)


def stored_heads(store, *heads, name="mine"):
    """Write heads into a store; returns the address of their folder."""
    folder, _ = write_heads(store.files, name, {"kind": "imported", "name": "made"}, heads, {})
    return f"{store.files.url}/{folder}"
