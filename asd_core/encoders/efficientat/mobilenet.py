"""MobileNetV3-Large of any width for spectrograms, with EfficientAT's changes (Howard et al. 2019; Schmid et al. 2023).

One input channel, squeeze-and-excitation with a sigmoid, and a classifier of two layers over the mean of the last maps.
Names of parameters are those of the public checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import nn

from asd_core.encoders.efficientat.variants import LAST, channels, feature_dim

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = 527  # of AudioSet

_STEM, _HEAD = 16, 1280  # channels at width 1
_DROPOUT = 0.2
_EPSILON, _MOMENTUM = 1e-3, 1e-2  # of batch normalisation


@dataclass(frozen=True)
class Stage:
    """A row of Table 1 of the MobileNetV3 paper, in channels at width 1."""

    kernel: int
    expanded: int
    out: int
    squeezes: bool
    is_hard_swish: bool
    stride: int


STAGES = (
    Stage(3, 16, 16, False, False, 1),
    Stage(3, 64, 24, False, False, 2),
    Stage(3, 72, 24, False, False, 1),
    Stage(5, 72, 40, True, False, 2),
    Stage(5, 120, 40, True, False, 1),
    Stage(5, 120, 40, True, False, 1),
    Stage(3, 240, 80, False, True, 2),
    Stage(3, 200, 80, False, True, 1),
    Stage(3, 184, 80, False, True, 1),
    Stage(3, 184, 80, False, True, 1),
    Stage(3, 480, 112, True, True, 1),
    Stage(3, 672, 112, True, True, 1),
    Stage(5, 672, LAST, True, True, 2),
    Stage(5, 960, LAST, True, True, 1),
    Stage(5, 960, LAST, True, True, 1),
)


class MobileNet(nn.Module):
    """Spectrograms (B, 1, F, T) float32 → features (B, ``feature_dim``); `logits` go on to the 527 classes."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.feature_dim = last = feature_dim(width)
        self.features = nn.Sequential(*_layers(width))
        # The places of pooling, flattening and dropout are kept: the checkpoints count them.
        self.classifier = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(1),
            nn.Linear(last, channels(_HEAD, width)),
            nn.Hardswish(),
            nn.Dropout(_DROPOUT),
            nn.Linear(channels(_HEAD, width), CLASSES),
        )

    def forward(self, spectrograms: Tensor) -> Tensor:
        """The mean of the last maps over frequency and time, (B, `feature_dim`)."""
        maps: Tensor = self.features(spectrograms)
        return maps.mean((2, 3))

    def logits(self, features: Tensor) -> Tensor:
        """Features (B, `feature_dim`) → log odds of the classes, (B, 527)."""
        logits: Tensor = self.classifier[2:](features)
        return logits


class SqueezeExcitation(nn.Module):
    """A gain in (0, 1) for each channel, from the means of all of them (Hu et al. 2018)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        squeezed = channels(size // 4)
        self.fc1, self.fc2 = nn.Linear(size, squeezed), nn.Linear(squeezed, size)

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (B, C, F, T) times their gains."""
        gains: Tensor = self.fc2(self.fc1(maps.mean((2, 3))).relu()).sigmoid()
        return maps * gains[:, :, None, None]


class _Gains(nn.Module):
    """Holds a squeeze-and-excitation under the name that the checkpoints give it."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.conc_se_layers = nn.ModuleList([SqueezeExcitation(size)])

    def forward(self, maps: Tensor) -> Tensor:
        gained: Tensor = self.conc_se_layers[0](maps)
        return gained


class InvertedResidual(nn.Module):
    """Expand, filter each channel alone, weigh the channels, project; added to its input where shapes allow."""

    def __init__(self, stage: Stage, inputs: int, width: float) -> None:
        super().__init__()
        expanded, out = channels(stage.expanded, width), channels(stage.out, width)
        activation: type[nn.Module] = nn.Hardswish if stage.is_hard_swish else nn.ReLU
        expansion = [_convolution(inputs, expanded, 1, 1, 1, activation)] if expanded != inputs else []
        self.adds = stage.stride == 1 and inputs == out
        self.block = nn.Sequential(
            *expansion,
            _convolution(expanded, expanded, stage.kernel, stage.stride, expanded, activation),
            *([_Gains(expanded)] if stage.squeezes else []),
            _convolution(expanded, out, 1, 1, 1, None),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, F, T) → (B, C', F', T')."""
        made: Tensor = self.block(maps)
        return made + maps if self.adds else made


def _layers(width: float) -> Iterator[nn.Module]:
    inputs = channels(_STEM, width)
    yield _convolution(1, inputs, 3, 2, 1, nn.Hardswish)
    for stage in STAGES:
        yield InvertedResidual(stage, inputs, width)
        inputs = channels(stage.out, width)
    yield _convolution(inputs, feature_dim(width), 1, 1, 1, nn.Hardswish)


def _convolution(
    inputs: int, out: int, kernel: int, stride: int, groups: int, activation: type[nn.Module] | None
) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    normalisation = nn.BatchNorm2d(out, _EPSILON, _MOMENTUM)
    return nn.Sequential(convolution, normalisation, *([activation()] if activation is not None else []))
