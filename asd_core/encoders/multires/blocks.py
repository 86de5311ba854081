"""The blocks of both kinds of branch: squeeze and excitation, and residual blocks that normalise first."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_RATIO = 16


class SqueezeExcitation(nn.Module):
    """Weights channels by what their means say (Hu et al. 2018), without biases."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(1, channels // _RATIO)
        self.layers = nn.Sequential(
            nn.Linear(channels, narrow, bias=False),
            nn.ReLU(),
            nn.Linear(narrow, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, ...) → the same shape."""
        weights: Tensor = self.layers(x.flatten(2).mean(dim=2))
        return x * weights.view(*weights.shape, *[1] * (x.ndim - 2))


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions beside a short way; the batch normalisation before both is part of the short way.

    With stride 2 the short way is a maximum over 3 x 3 and a 1 x 1 convolution.
    """

    def __init__(self, channels: int, out_channels: int, stride: int, affine: bool) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=affine)
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, out_channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels, affine=affine),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            SqueezeExcitation(out_channels),
        )
        self.short: nn.Module = nn.Identity()
        if stride == 2:
            self.short = nn.Sequential(nn.MaxPool2d(3, 2, padding=1), nn.Conv2d(channels, out_channels, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, C', H', W'), half as large with stride 2."""
        x = self.norm(x)
        return torch.add(self.short(x), self.layers(x))
