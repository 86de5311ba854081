"""SpecAugment without time warping (Park et al. 2019; AnoPatch, section 3.2): bands of spectrograms are blotted out."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn


class SpecAugment(nn.Module):
    """One band of frequencies and one stretch of time set to 0, the mean of a normalised spectrogram.

    Each clip draws for itself, and each axis for itself: masked at all with ``probability``, a width uniformly from
    0, 1, ..., the widest, and a place uniformly among those where it fits.

    Attributes:
        generator: on the CPU, which draws; None: torch's own.
    """

    def __init__(self, freq_mask: int, time_mask: int, probability: float = 0.5) -> None:
        """Set the widest masks.

        Args:
            freq_mask: rows of the spectrogram; 0 masks none.
            time_mask: frames; 0 masks none.
            probability: of each mask.
        """
        super().__init__()
        self.freq_mask, self.time_mask, self.probability = freq_mask, time_mask, probability
        self.generator: Generator | None = None

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Masked copy of normalised spectrograms (B, F, T); in eval mode they are returned as they are."""
        if not self.training:
            return spectrograms
        clips, rows, frames = spectrograms.shape
        draws = torch.rand(2, 3, clips, 1, generator=self.generator)
        bands = self._cells(draws[0], self.freq_mask, rows).to(spectrograms.device)
        stretches = self._cells(draws[1], self.time_mask, frames).to(spectrograms.device)
        return spectrograms.masked_fill(bands[:, :, None] | stretches[:, None, :], 0.0)

    def _cells(self, draws: Tensor, widest: int, size: int) -> Tensor:
        """From uniform draws (3, B, 1) the masked cells of an axis, (B, size) bool."""
        width = (draws[0] * (min(widest, size) + 1)).long()
        start = (draws[1] * (size - width + 1)).long()
        cells = torch.arange(size)
        return (draws[2] < self.probability) & (cells >= start) & (cells < start + width)
