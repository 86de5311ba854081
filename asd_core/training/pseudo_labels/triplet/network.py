"""The network of the triplet space: spectrogram to embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asd_core.encoders.multires.branches import ImageBranch
from asd_core.encoders.multires.spectrogram import MagnitudeSpectrogram

SAMPLE_RATE = 16_000
N_FFT = 1024
F_MIN, F_MAX = 200.0, 8000.0
EMBEDDING_DIM = 128


class TripletNetwork(nn.Module):
    """The multi-resolution network's branch for spectrograms, on |STFT| of 1,024 samples, 200 to 8,000 Hz."""

    def __init__(self, channels: int = 128) -> None:
        """Make the layers, with random weights from torch's own generator.

        Args:
            channels: of the last block; fewer make a network for CPUs.
        """
        super().__init__()
        self.spectrogram = MagnitudeSpectrogram(N_FFT, SAMPLE_RATE, F_MIN, F_MAX, "reflect", remove_time_mean=False)
        self.image = ImageBranch(self.spectrogram.size(0)[0], channels, EMBEDDING_DIM, affine=True)

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Magnitude spectrograms (B, F, T) → (B, 128), not normalised; each bin's mean over time is taken off first."""
        embedded: Tensor = self.image(spectrograms - spectrograms.mean(dim=2, keepdim=True))
        return embedded


def new_network(channels: int, seed: int) -> TripletNetwork:
    """A network whose random weights are drawn under a seed; torch's own generator stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TripletNetwork(channels)
