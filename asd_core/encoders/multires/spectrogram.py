"""Magnitude spectrograms on a linear scale, over a range of frequencies."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Padding = Literal["reflect", "constant"]


class MagnitudeSpectrogram(nn.Module):
    """|STFT| with a Hann window, half of which is the hop, divided by the window's L2 norm; neither power nor decibels.

    Frames are centred: frame t lies around sample t · hop, and the ends are padded.

    Attributes:
        bins: the first bin that is kept and the one after the last.
    """

    window: Tensor

    def __init__(
        self, n_fft: int, sample_rate: int, f_min: float, f_max: float, padding: Padding, remove_time_mean: bool
    ) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.padding = padding
        self.remove_time_mean = remove_time_mean
        self.bins = kept_bins(n_fft, sample_rate, f_min, f_max)
        window = torch.hann_window(n_fft)
        self.register_buffer("window", window / window.square().sum().sqrt(), persistent=False)

    def size(self, samples: int) -> tuple[int, int]:
        """Bins and frames of the spectrogram of so many samples."""
        return self.bins[1] - self.bins[0], samples // (self.n_fft // 2) + 1

    def forward(self, waveforms: Tensor) -> Tensor:
        """(B, T) → (B, F, frames) ≥ 0, or around 0 where the mean over time is removed."""
        spectrum = torch.stft(
            waveforms,
            self.n_fft,
            self.n_fft // 2,
            window=self.window,
            pad_mode=self.padding,
            return_complex=True,
        )
        magnitude = spectrum[:, self.bins[0] : self.bins[1]].abs()
        return magnitude - magnitude.mean(dim=2, keepdim=True) if self.remove_time_mean else magnitude


def kept_bins(n_fft: int, sample_rate: int, f_min: float, f_max: float) -> tuple[int, int]:
    """The first bin at f_min Hz or above, and the one after the last at f_max or below.

    Example:
        >>> [stop - start for start, stop in (kept_bins(n, 16_000, 200.0, 8_000.0) for n in (256, 1024, 4096))]
        [125, 500, 1997]
    """
    start = int(-(-f_min * n_fft // sample_rate))
    return start, min(int(f_max * n_fft // sample_rate), n_fft // 2) + 1
