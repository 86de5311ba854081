"""The moment of a recording at which it begins to sound unlike others: where a listener should start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.spectrogram import LogMel
from asd_core.errors import AsdError

_WINDOW_SECONDS = 0.064
_BANDS = 40
_SMOOTHED_SECONDS = 0.5
_CLEAR = 2.0  # times the median: below it no moment stands out
_LEAST_SPREAD = 1.0  # dB; a band that never varied would decide alone


def differing_moment(
    samples: NDArray[np.float32], sample_rate: int, normals: Sequence[tuple[NDArray[np.float32], int]]
) -> float:
    """The time at which a recording begins to differ most from normal ones, in s; 0 where no moment stands out.

    The squared distance of each half second from the median spectrum of the normals, in units of their spread, is
    followed back from its highest value to where it is half as far above its median.

    Args:
        samples: (T,) float32.
        sample_rate: Hz.
        normals: samples and rates of normal recordings; those of another rate are left out.
    """
    n_fft = 1 << max(6, round(np.log2(_WINDOW_SECONDS * sample_rate)))
    log_mel = LogMel(sample_rate, n_fft, n_fft // 2, _BANDS)
    try:
        own = log_mel(samples)
        others = [log_mel(normal) for normal, rate in normals if rate == sample_rate]
    except AsdError:  # too short for one window
        return 0.0
    reference = np.concatenate(others, axis=1) if others else own
    centre = np.median(reference, axis=1, keepdims=True)
    spread = np.maximum(reference.std(axis=1, keepdims=True), _LEAST_SPREAD)
    distance = (((own - centre) / spread) ** 2).mean(axis=0)
    width = max(1, round(_SMOOTHED_SECONDS * sample_rate / log_mel.hop))
    if len(distance) < 2 * width:
        return 0.0
    smooth = np.convolve(distance, np.full(width, 1 / width), mode="valid")  # of the half second from each frame on
    peak, usual = int(smooth.argmax()), float(np.median(smooth))
    if smooth[peak] < _CLEAR * usual:
        return 0.0
    below = np.flatnonzero(smooth[:peak] < (smooth[peak] + usual) / 2)
    first = int(below[-1]) + 1 if len(below) else 0
    return first * log_mel.hop / sample_rate
