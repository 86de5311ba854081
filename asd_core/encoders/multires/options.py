"""The shape of a multi-resolution network, checked without making one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from asd_core.encoders.multires.sizes import (
    LEAST_SIDE,
    NARROW_LAYERS,
    SPECTRUM_LAYERS,
    before_convolutions,
    frames_of,
    kept_bins,
)
from asd_core.errors import UsageError
from asd_core.settings import check_choices, check_integer, check_number

Padding = Literal["reflect", "constant"]


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

    def check_seconds(self, clip_seconds: float) -> None:
        """Raise UsageError for clips that are too short for a branch."""
        samples = round(clip_seconds * self.sample_rate)
        bins = before_convolutions(SPECTRUM_LAYERS)
        if self.spectrum and samples // 2 + 1 < bins:
            raise UsageError(
                f"encoder.clip_seconds = {clip_seconds:g} is too short for the spectrum's branch: take "
                f"{2 * (bins - 1) / self.sample_rate:.3g} or more, or encoder.spectrum = false"
            )
        for n_fft in self.stft:
            self._check_spectrogram(n_fft, samples)

    def _check_spectrogram(self, n_fft: int, samples: int) -> None:
        start, stop = kept_bins(n_fft, self.sample_rate, self.f_min, self.f_max)
        sides = sorted((stop - start, frames_of(samples, n_fft)))
        is_padded = samples > n_fft // 2  # reflection needs more samples than it pads
        if is_padded and (sides[0] >= LEAST_SIDE or sides[1] >= before_convolutions(NARROW_LAYERS)):
            return
        least = (LEAST_SIDE - 1) * (n_fft // 2) / self.sample_rate
        raise UsageError(
            f"encoder.stft has {n_fft}, whose spectrogram of {samples / self.sample_rate:g} s has {stop - start} bins "
            f"x {frames_of(samples, n_fft)} frames, too few for a branch: take clip_seconds of {least:.3g} or more, "
            f"and frequencies of {LEAST_SIDE} bins or more"
        )
