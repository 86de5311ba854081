"""Taking silence out of generated recordings (the "RS" of Zhang et al., table 4, who do not say how they did it).

Generators fade in and out and leave gaps that no machine of theirs has. Here, in frames of 20 ms: a frame is silent
where its rms is 40 dB or more below that of the loud frames (the 95th percentile, so that a click is no measure), and
silent frames are cut out where at least 0.2 s of them follow each other. A pause of a real machine stays: the room
behind it is seldom 40 dB quieter. What is left is joined as it is.
"""

from __future__ import annotations

import numpy as np

from asd_core.errors import ClipError
from asd_core.simulate.signals import Samples, from_db

FRAME_SECONDS = 0.02
THRESHOLD_DB = -40.0
SHORTEST_SILENCE = 0.2  # s
LEAST_LEFT = 0.5  # s


def remove_silence(waveform: Samples, sample_rate: int) -> Samples:
    """The recording (T,) without its silent parts, (S,) with S ≤ T.

    Unchanged by a gain. The last frame may be shorter.

    Raises:
        ClipError: ``silent``, nothing but zeros; ``too_short``, less than half a second is left.
    """
    length = max(1, round(FRAME_SECONDS * sample_rate))
    edges = np.arange(0, len(waveform), length)
    power = np.add.reduceat(np.square(waveform, dtype=np.float64), edges) / np.diff(np.append(edges, len(waveform)))
    loud = float(np.percentile(power, 95))
    if not power.any():
        raise ClipError("silent", "nothing but zeros")
    silent = _long_runs(power <= loud * from_db(THRESHOLD_DB) ** 2, round(SHORTEST_SILENCE / FRAME_SECONDS))
    kept = waveform[~np.repeat(silent, length)[: len(waveform)]]
    if len(kept) < LEAST_LEFT * sample_rate:
        seconds = len(waveform) / sample_rate
        raise ClipError(
            "too_short", f"{len(kept) / sample_rate:.2f} s of {seconds:.2f} s are no silence: {LEAST_LEFT} s are needed"
        )
    return kept


def _long_runs(
    silent: np.ndarray[tuple[int], np.dtype[np.bool_]], least: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Only those true values that at least ``least`` of follow each other."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    kept = np.zeros_like(silent)
    for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
        kept[start:stop] = stop - start >= least
    return kept
