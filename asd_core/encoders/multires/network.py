"""The network of Fujimura et al.: the spectrum of a clip and spectrograms of several resolutions, a branch for each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from asd_core.encoders.multires.blocks import before_convolutions
from asd_core.encoders.multires.branches import SPECTRUM_LAYERS, AxisBranch, ImageBranch, NarrowBranch
from asd_core.encoders.multires.spectrogram import MagnitudeSpectrogram, Padding
from asd_core.errors import UsageError
from asd_core.settings import check_choices, check_integer, check_number

LEAST_SIDE = 36
"""Both sides of a spectrogram must have as many for a network over both; a shorter one gets a network over one."""


@dataclass(frozen=True)
class MultiresOptions:
    """The shape of a network; the defaults are those of the paper and its code.

    Attributes:
        spectrum: a branch for |FFT| of the whole clip.
        stft: FFT sizes in samples, a branch for each, in this order after the spectrum's.
        channels: of the widest convolutions, a multiple of 8; fewer make a network for CPUs.
        embedding: numbers that each branch gives.
        f_min: Hz; spectrograms begin here. The spectrum is not cropped.
        f_max: Hz, at which they end.
        remove_time_mean: each bin's mean over time is taken from a spectrogram; the code does so for triplets alone.
        padding: of a clip's ends for spectrograms: ``reflect``, or ``constant`` zeros (as in ASDKit).
        affine: batch normalisation has factors and offsets; ASDKit's has none.
        sample_rate: Hz.
    """

    spectrum: bool = True
    stft: tuple[int, ...] = (4096, 256)
    channels: int = 128
    embedding: int = 128
    f_min: float = 200.0
    f_max: float = 8000.0
    remove_time_mean: bool = False
    padding: Padding = "reflect"
    affine: bool = True
    sample_rate: int = 16_000

    def __post_init__(self) -> None:
        """Raise UsageError for a shape that cannot be."""
        check_choices(self)
        for name in ("channels", "embedding", "sample_rate"):
            check_integer(f"encoder.{name}", getattr(self, name), 1)
        if self.channels % 8:
            raise UsageError(f"encoder.channels = {self.channels}: must be a multiple of 8")
        if not self.spectrum and not self.stft:
            raise UsageError("encoder.stft is empty and encoder.spectrum is false: the network needs a branch")
        if len(set(self.stft)) < len(self.stft) or any(n < 16 or n % 2 for n in self.stft):
            raise UsageError(f"encoder.stft = {list(self.stft)}: must be different even numbers, 16 or more")
        check_number("encoder.f_max", self.f_max, self.f_min)
        if not 0 <= self.f_min < self.sample_rate / 2:
            raise UsageError(f"encoder.f_min must lie below {self.sample_rate / 2:g} Hz, got {self.f_min:g}")

    @property
    def branch_dims(self) -> tuple[int, ...]:
        """The length of each branch's output."""
        return (self.embedding,) * (self.spectrum + len(self.stft))


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
        self.images = nn.ModuleList(_spectrogram_branch(options, one, self.samples) for one in shown)

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
    least = 2 * (before_convolutions(SPECTRUM_LAYERS) - 1) / options.sample_rate
    short = (
        f"encoder.clip_seconds = {samples / options.sample_rate:g} is too short for the spectrum's branch: take "
        f"{least:.3g} or more, or encoder.spectrum = false"
    )
    shape = (samples // 2 + 1, 1, SPECTRUM_LAYERS)
    return AxisBranch(*shape, options.channels, options.embedding, options.affine, short)


def _spectrogram_branch(
    options: MultiresOptions, spectrogram: MagnitudeSpectrogram, samples: int
) -> ImageBranch | NarrowBranch:
    n_fft, (bins, frames) = spectrogram.n_fft, spectrogram.size(samples)
    seconds = samples / options.sample_rate
    longest = (LEAST_SIDE - 1) * (n_fft // 2) / options.sample_rate
    short = (
        f"encoder.stft has {n_fft}, whose spectrogram of {seconds:g} s is {bins} x {frames}, too small for a branch: "
        f"take clip_seconds of {longest:.3g} or more, and a range of frequencies of {LEAST_SIDE} bins or more"
    )
    if samples <= n_fft // 2:  # reflection needs more samples than it pads
        raise UsageError(short)
    if min(bins, frames) >= LEAST_SIDE:
        return ImageBranch(bins, options.channels, options.embedding, options.affine)
    if max(bins, frames) < LEAST_SIDE:
        raise UsageError(short)
    return NarrowBranch(bins, frames, options.channels, options.embedding, options.affine, short)
