"""Sound of other machines as noise, added to magnitude spectrograms at a signal-to-noise ratio."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST_DB, MOST_DB = -5.0, 5.0
"""Signal-to-noise ratios are drawn between them, the upper end excluded."""


def with_noise(signals: Tensor, noises: Tensor, snr_db: Tensor) -> Tensor:
    """Add noise to magnitude spectrograms, (B, F, T) each, at ratios (B,) in dB.

    The power of a spectrogram is the mean of its squared magnitudes; the noise is scaled so that the ratio of the two
    powers is the one asked for, and the magnitudes are added. Silent noise adds nothing.
    """
    power = signals.square().mean(dim=(1, 2))
    noise_power = noises.square().mean(dim=(1, 2))
    gain = torch.sqrt(power / (noise_power * 10 ** (snr_db / 10)))
    gain = torch.where(noise_power > 0, gain, torch.zeros_like(gain))
    return signals + gain[:, None, None] * noises


def random_ratios(count: int, generator: torch.Generator) -> Tensor:
    """Signal-to-noise ratios in dB, (count,), uniform in [-5, 5)."""
    return LEAST_DB + (MOST_DB - LEAST_DB) * torch.rand(count, generator=generator)
