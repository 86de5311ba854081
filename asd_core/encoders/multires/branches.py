"""The branches: a network over one axis (spectra, or spectrograms that are short one way), and one over both."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from asd_core.encoders.multires.blocks import ResidualBlock, SqueezeExcitation
from asd_core.encoders.multires.sizes import NARROW_LAYERS, after_convolution

_HIDDEN = 5


class AxisBranch(nn.Module):
    """Three convolutions along one axis, each with squeeze and excitation, then a perceptron; no biases."""

    def __init__(
        self,
        length: int,
        rows: int,
        layers: Sequence[tuple[int, int]],
        channels: int,
        embedding: int,
        affine: bool,
    ) -> None:
        """Make the layers for an input of one size.

        Args:
            length: of the axis; at least `before_convolutions` of the layers.
            rows: of the input, which are channels to the first convolution.
            layers: kernel and stride of each convolution.
            channels: that each convolution has.
            embedding: length of the output.
            affine: batch normalisation has factors and offsets.
        """
        super().__init__()
        stages: list[nn.Module] = []
        for number, (kernel, stride) in enumerate(layers):
            length = after_convolution(length, kernel, stride)
            taken = channels if number else rows
            convolution = nn.Conv1d(taken, channels, kernel, stride, bias=False)
            stages += [convolution, nn.ReLU(), SqueezeExcitation(channels)]
        stages.append(nn.Flatten())
        for number in range(_HIDDEN):
            taken = embedding if number else channels * length
            linear = nn.Linear(taken, embedding, bias=False)
            stages += [linear, nn.BatchNorm1d(embedding, affine=affine), nn.ReLU()]
        self.layers = nn.Sequential(*stages, nn.Linear(embedding, embedding, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(B, rows, length) → (B, embedding)."""
        embedded: Tensor = self.layers(x)
        return embedded


class ImageBranch(nn.Module):
    """A residual network over a spectrogram, each bin normalised by itself, and the maximum over time."""

    def __init__(self, bins: int, channels: int, embedding: int, affine: bool) -> None:
        """Make the layers for spectrograms of so many bins and any length.

        Args:
            bins: F of the spectrogram.
            channels: of the last block; the first have an eighth, a quarter and a half of them.
            embedding: length of the output.
            affine: batch normalisation has factors and offsets.
        """
        super().__init__()
        first = channels // 8
        self.bins = nn.BatchNorm1d(bins, affine=affine)
        stages: list[nn.Module] = [
            nn.Conv2d(1, first, 7, 2, bias=False),
            nn.BatchNorm2d(first, affine=affine),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            ResidualBlock(first, first, 1, affine),
            ResidualBlock(first, first, 1, affine),
        ]
        side = after_convolution(after_convolution(bins, 7, 2), 3, 2)
        taken = first
        for width in (channels // 4, channels // 2, channels):
            stages += [ResidualBlock(taken, width, 2, affine), ResidualBlock(width, width, 1, affine)]
            side, taken = after_convolution(side, 3, 2, padding=1), width
        self.layers = nn.Sequential(*stages)
        self.last = nn.Sequential(
            nn.Flatten(),
            nn.BatchNorm1d(channels * side, affine=affine),
            nn.Linear(channels * side, embedding, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, F, frames) → (B, embedding)."""
        embedded: Tensor = self.last(self.layers(self.bins(x)[:, None]).amax(dim=3))
        return embedded


class NarrowBranch(nn.Module):
    """A network along the long side of a spectrogram whose other side is too short for `ImageBranch`."""

    def __init__(self, bins: int, frames: int, channels: int, embedding: int, affine: bool) -> None:
        super().__init__()
        self.along_bins = bins >= frames
        self.bins = nn.BatchNorm1d(bins, affine=affine)
        length, rows = (bins, frames) if self.along_bins else (frames, bins)
        self.axis = AxisBranch(length, rows, NARROW_LAYERS, channels, embedding, affine)

    def forward(self, x: Tensor) -> Tensor:
        """(B, F, frames) → (B, embedding)."""
        x = self.bins(x)
        embedded: Tensor = self.axis(x.transpose(1, 2) if self.along_bins else x)
        return embedded
