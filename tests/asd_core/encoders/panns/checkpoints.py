"""Checkpoints of Cnn14 as they are published."""

import torch

from asd_core.encoders.panns.network import MELS


def published(network):
    """The tensors of a network by the names of the public checkpoint, among others that no embedding needs."""
    names = {}
    for name, tensor in network.state_dict().items():
        names[name.removeprefix("convolutions.").replace("norm", "bn")] = tensor
    return names | {"fc_audioset.bias": torch.zeros(527), "logmel_extractor.melW": torch.zeros(513, MELS)}
