"""The moment of a recording at which it begins to sound unlike others: where a listener should start."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.spectrogram import LogMel
from asd_core.errors import AsdError

_WINDOW_SECONDS = 0.064
_BANDS = 128
_SMOOTHED_SECONDS = 0.75
_CLEAR = 7.0  # deviations above the median: noise alone reaches it three times in ten
_LEAST_SPREAD = 0.3  # dB, of a stretch; a band that never varied would decide alone
_OF_MEDIAN = 1.4826  # the deviation of normal values over the median of their absolute ones


def differing_moment(
    samples: NDArray[np.float32], sample_rate: int, normals: Sequence[tuple[NDArray[np.float32], int]]
) -> float:
    """The time at which a recording begins to differ most from normal ones, in s; 0 where no moment stands out.

    Stretches of three quarters of a second are compared with the median spectrum of the normals, in units of their
    spread: all bands together, and the band that differs most, because a squeal lies in one and a knock in all. Of the
    two, that which stands out more is followed back from its highest value to where it is half as far above its median.

    Args:
        samples: (T,) float32.
        sample_rate: Hz.
        normals: samples and rates of normal recordings; those of another rate are left out.
    """
    n_fft = 1 << max(6, round(np.log2(_WINDOW_SECONDS * sample_rate)))
    log_mel = LogMel(sample_rate, n_fft, n_fft // 2, _BANDS)
    width = max(1, round(_SMOOTHED_SECONDS * sample_rate / log_mel.hop))
    try:
        own = _smoothed(log_mel(samples), width)
        others = [_smoothed(log_mel(normal), width) for normal, rate in normals if rate == sample_rate]
    except AsdError:  # too short for one window
        return 0.0
    if own.shape[1] < width:
        return 0.0
    reference = np.concatenate(others, axis=1) if others else own
    centre = np.median(reference, axis=1, keepdims=True)
    spread = np.maximum(reference.std(axis=1, keepdims=True), _LEAST_SPREAD)
    distances = ((own - centre) / spread) ** 2
    course = max((distances.mean(axis=0), distances.max(axis=0)), key=_prominence)
    if _prominence(course) < _CLEAR:
        return 0.0
    peak, usual = int(course.argmax()), float(np.median(course))
    below = np.flatnonzero(course[:peak] < (course[peak] + usual) / 2)
    first = int(below[-1]) + 1 if len(below) else 0
    return first * log_mel.hop / sample_rate


def _smoothed(spectrogram: NDArray[np.float32], width: int) -> NDArray[np.float64]:
    """The mean of the ``width`` frames from each frame on, (F, N) → (F, max(N - width + 1, 0))."""
    sums = np.cumsum(spectrogram, axis=1, dtype=np.float64)
    sums = np.concatenate([np.zeros((len(sums), 1)), sums], axis=1)
    return np.asarray((sums[:, width:] - sums[:, :-width]) / width)


def _prominence(course: NDArray[np.float64]) -> float:
    """How far the highest value lies above the median, in deviations that the median tells."""
    usual = np.median(course)
    deviation = _OF_MEDIAN * np.median(np.abs(course - usual))
    return float((course.max() - usual) / max(deviation, 1e-12))
