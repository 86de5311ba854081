"""The level of a sound over time, and samples that stand still: at a limit, or between two moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.power_density import Vector

TRACK_SECONDS = 0.05
"""Length of the stretches whose levels make a track."""

_LIMIT = 0.9999  # share of the highest sample from which a sample is at the limit
_RUN = 3  # samples in a row at the limit: a sine that just touches it stays two at most
_BELOW = 0.97  # share of the highest sample: of a quiet hum in few bits there are more samples from here to the limit
_FEWEST = 8  # samples at the limit of a recording
_STEPS = 4  # values from there to the limit; a quiet recording in few bits has fewer
_PILED_UP = 0.4  # share of those samples that stand at the limit
_STILL_SECONDS = 0.004
_STILL_SAMPLES = 32


@dataclass(frozen=True)
class Clipping:
    """Samples cut off at a limit: their share of all samples, and the limit in dB re full scale."""

    share: float
    limit: float


@dataclass(frozen=True)
class Dropouts:
    """Moments of samples that stand still, as of a cable with a loose contact: their number, and seconds in all."""

    count: int
    seconds: float


def level_track(samples: Vector, sample_rate: int) -> tuple[float, ...]:
    """Levels in dB re full scale, to 0.1 dB, of consecutive twentieths of a second; a rest is left out.

    Each is taken without its own mean, so that an offset of the recorder is no sound.

    Args:
        samples: (T,).
        sample_rate: Hz.
    """
    length = max(1, round(TRACK_SECONDS * sample_rate))
    frames = samples[: samples.size // length * length].reshape(-1, length)
    means = frames.mean(axis=1, dtype=np.float64)
    power = np.einsum("fs,fs->f", frames, frames).astype(np.float64) / length - np.square(means)
    return tuple(np.round(10.0 * np.log10(np.maximum(power, 1e-12)), 1).tolist())


def find_clipping(samples: Vector) -> Clipping:
    """Samples in a row at the highest or the lowest value; a share of 0 where there are none."""
    size, count = samples.size, 0
    highest = max(float(samples.max()), -float(samples.min()), 1e-9)
    for side in (samples, -samples):
        limit = float(side.max())
        if limit < 0.5 * highest:
            continue
        at = np.flatnonzero(side >= _LIMIT * limit)
        near = side[side >= _BELOW * limit]
        if at.size >= max(_RUN, _PILED_UP * near.size):
            is_fine = at.size >= _FEWEST and np.unique(near).size > _STEPS
            count += int(at.size) if is_fine else _in_runs(at)
    return Clipping(count / size, float(20.0 * np.log10(highest)))


def _in_runs(at: NDArray[np.int64]) -> int:
    """How many of some places lie in runs of neighbours of the least length."""
    starts = np.flatnonzero(np.diff(at, prepend=-2) > 1)
    lengths = np.diff(starts, append=at.size)
    return int(lengths[lengths >= _RUN].sum())


def find_dropouts(samples: Vector, sample_rate: int) -> Dropouts:
    """Runs of equal samples too long for sound."""
    least = max(_STILL_SAMPLES, round(_STILL_SECONDS * sample_rate))
    coarse = samples[::8]
    if not (coarse[1:] == coarse[:-1]).any():  # a run of 32 holds two of every eighth sample
        return Dropouts(0, 0.0)
    moves = np.flatnonzero(np.diff(samples) != 0)
    runs = np.diff(moves, prepend=-1, append=samples.size - 1)
    still = runs[runs >= least]
    return Dropouts(int(still.size), float(still.sum() / sample_rate))
