"""Spectrograms stretched or shrunk along time or frequency: sounds like the machine's, but not its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

SHRUNK, ENLARGED = (0.5, 0.8), (1.2, 1.5)


@dataclass(frozen=True)
class Resizing:
    """One way to resize a spectrogram.

    Attributes:
        axis: what is resized.
        ratio: new length over the old one.
        start: where the result begins, as a share in [0, 1) of the places where it can; for ``time`` alone.
    """

    axis: Literal["time", "frequency"]
    ratio: float
    start: float = 0.0


def random_resizing(generator: torch.Generator) -> Resizing:
    """Time or frequency, shrunk or enlarged, each with probability 1/2; the ratio is uniform in its range."""
    axis, larger, share, start = torch.rand(4, generator=generator).tolist()
    low, high = ENLARGED if larger < 0.5 else SHRUNK
    return Resizing("time" if axis < 0.5 else "frequency", low + share * (high - low), start)


def resized(spectrogram: Tensor, how: Resizing) -> Tensor:
    """A resized spectrogram of the same shape, (F, T).

    Values between bins or frames are bilinear, with an antialiasing filter where it shrinks. A spectrogram that is
    shorter in time is repeated to its old length, one that is longer is cut, both from a random place on. One that is
    lower has zeros above it, one that is higher loses its highest bins.
    """
    bins, frames = spectrogram.shape
    size = (
        (bins, max(1, round(frames * how.ratio))) if how.axis == "time" else (max(1, round(bins * how.ratio)), frames)
    )
    made = interpolate(spectrogram[None, None], size=size, mode="bilinear", antialias=True)[0, 0]
    if how.axis == "frequency":
        return pad(made[:bins], (0, 0, 0, max(0, bins - size[0])))
    if size[1] < frames:
        made = made.repeat(1, -(-frames // size[1]) + 1)  # one more, so that it can begin anywhere
        places = size[1]
    else:
        places = size[1] - frames + 1
    first = int(how.start * places)
    return made[:, first : first + frames]
