"""Magnitude spectrograms on a linear scale, over a range of frequencies."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asd_core.encoders.multires.options import Padding
from asd_core.encoders.multires.sizes import frames_of, kept_bins


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
        return self.bins[1] - self.bins[0], frames_of(samples, self.n_fft)

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
