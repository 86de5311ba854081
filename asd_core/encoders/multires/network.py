"""The network of Fujimura et al.: the spectrum of a clip and spectrograms of several resolutions, a branch for each."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from asd_core.encoders.multires.branches import AxisBranch, ImageBranch, NarrowBranch
from asd_core.encoders.multires.options import MultiresOptions
from asd_core.encoders.multires.sizes import LEAST_SIDE, SPECTRUM_LAYERS
from asd_core.encoders.multires.spectrogram import MagnitudeSpectrogram


class MultiresNetwork(nn.Module):
    """Waveforms of one length → the outputs of all branches side by side, not normalised.

    Attributes:
        sample_rate: Hz.
        branch_dims: the length of each branch's output, the spectrum's first.
        samples: T of the waveforms.
        masking: applied to spectrograms (B, F, frames) while the network trains; None: nothing is.
    """

    def __init__(self, options: MultiresOptions, clip_seconds: float) -> None:
        """Make the layers, with random weights from torch's own generator.

        Raises:
            UsageError: clips too short for a branch.
        """
        super().__init__()
        options.check_seconds(clip_seconds)
        self.sample_rate, self.branch_dims = options.sample_rate, options.branch_dims
        self.samples = round(clip_seconds * options.sample_rate)
        self.masking: nn.Module | None = None
        self.spectrum: nn.Module | None = _spectrum_branch(options, self.samples) if options.spectrum else None
        shown = [
            MagnitudeSpectrogram(
                n_fft, options.sample_rate, options.f_min, options.f_max, options.padding, options.remove_time_mean
            )
            for n_fft in options.stft
        ]
        self.spectrograms = nn.ModuleList(shown)
        self.images = nn.ModuleList(_spectrogram_branch(options, one.size(self.samples)) for one in shown)

    def forward(self, waveforms: Tensor) -> Tensor:
        """(B, T) float32 → (B, sum(branch_dims))."""
        made = [] if self.spectrum is None else [self.spectrum(torch.fft.rfft(waveforms).abs()[:, None])]
        for spectrogram, image in zip(self.spectrograms, self.images, strict=True):
            shown = spectrogram(waveforms)
            if self.masking is not None and self.training:
                shown = self.masking(shown)
            made.append(image(shown))
        return torch.cat(made, dim=1)


def new_multires(options: MultiresOptions, clip_seconds: float, seed: int) -> MultiresNetwork:
    """A network with random weights that depend on the seed alone.

    Args:
        options: its shape.
        clip_seconds: length of the clips that it hears.
        seed: of the weights.

    Raises:
        UsageError: clips too short for a branch.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MultiresNetwork(options, clip_seconds)


def _spectrum_branch(options: MultiresOptions, samples: int) -> AxisBranch:
    shape = (samples // 2 + 1, 1, SPECTRUM_LAYERS)
    return AxisBranch(*shape, options.channels, options.embedding, options.affine)


def _spectrogram_branch(options: MultiresOptions, size: tuple[int, int]) -> ImageBranch | NarrowBranch:
    if min(size) >= LEAST_SIDE:
        return ImageBranch(size[0], options.channels, options.embedding, options.affine)
    return NarrowBranch(*size, options.channels, options.embedding, options.affine)
