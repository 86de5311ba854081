"""Cnn14's layers up to its embedding: speechbrain's convolutions, and PANNs' last linear layer."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from speechbrain.lobes.models.Cnn14 import Cnn14 as Convolutions
from torch import Tensor, nn

MELS, EMBEDDING_DIM = 64, 2048


class Cnn14(nn.Module):
    """Log-mel spectrograms → embeddings, those that PANNs names ``embedding``."""

    def __init__(self) -> None:
        """Make the layers, with random weights from torch's own generator."""
        super().__init__()
        self.convolutions = Convolutions(MELS, EMBEDDING_DIM)
        self.fc1 = nn.Linear(EMBEDDING_DIM, EMBEDDING_DIM)

    def forward(self, log_mels: Tensor) -> Tensor:
        """(B, frames, 64) in dB → (B, 2048) ≥ 0, not normalised."""
        pooled: Tensor = self.convolutions(log_mels)[:, 0]
        return torch.relu(self.fc1(pooled))


def from_published(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a published checkpoint by the names of `Cnn14`.

    Its classifier, and the layers that make its spectrogram, are left out.
    """
    named = {}
    for name, tensor in tensors.items():
        if name.startswith("fc1."):
            named[name] = tensor
        elif name.startswith(("bn0.", "conv_block")):
            named[f"convolutions.{name.replace('bn', 'norm')}"] = tensor
    return named


def random_network(seed: int) -> Cnn14:
    """A network whose random weights are drawn under a seed; torch's own generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Cnn14()
