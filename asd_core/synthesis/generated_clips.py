"""Generated recordings, brought to the level of real ones and without silence.

A generator's loudness says nothing about the machine, but log-mel spectrograms and embeddings of them (TWFR too) shift
with it by as many decibels. At their own level all synthetic clips would be far from the real normal ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from asd_core.errors import AsdError, ClipError
from asd_core.synthesis.signals import Samples, from_db, rms


def level_db(waveform: Samples) -> float:
    """Rms of (T,) samples in dB re full scale, as in the ``level_db`` of score rows; −inf for nothing but zeros."""
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(rms(waveform)))


def median_level_db(levels: Iterable[float | None]) -> float:
    """The median of the levels of a machine's real normal clips; clips without a level (None) are left out.

    Raises:
        AsdError: no clip has a level.
    """
    heard = [level for level in levels if level is not None and np.isfinite(level)]
    if not heard:
        raise AsdError("no normal clip has a level, so generated clips cannot be brought to one: see their error rows")
    return float(np.median(heard))


def match_level(waveform: Samples, target_db: float) -> tuple[Samples, float]:
    """Bring a recording to a level by one factor, but never beyond full scale: nothing is clipped.

    Args:
        waveform: (T,) float32.
        target_db: rms, dB re full scale.

    Returns:
        The recording, and the dB by which it stays below the level: 0 unless its peaks are too high.

    Raises:
        ClipError: ``silent``.
    """
    present = level_db(waveform)
    if not np.isfinite(present):
        raise ClipError("silent", "nothing but zeros: there is no level to change")
    gain_db = target_db - present
    room_db = -20 * float(np.log10(np.abs(waveform).max()))
    used_db = min(gain_db, max(room_db, 0.0)) if gain_db > 0 else gain_db
    return (waveform * np.float32(from_db(used_db))).astype(np.float32), gain_db - used_db


FRAME_SECONDS = 0.02
THRESHOLD_DB = -40.0  # against the 95th percentile of the frames
SHORTEST_SILENCE = 0.2  # s
LEAST_LEFT = 0.5  # s


def remove_silence(waveform: Samples, sample_rate: int) -> Samples:
    """The recording (T,) without its silent parts, (S,) with S ≤ T; a gain changes nothing about them.

    Silence is a run of at least `SHORTEST_SILENCE` of frames of `FRAME_SECONDS` that lie `THRESHOLD_DB` below the loud
    ones. The last frame may be shorter.

    Raises:
        ClipError: ``silent``, nothing but zeros; ``too_short``, less than half a second is left.
    """
    from scipy.ndimage import binary_opening  # only generated clips need it

    length = max(1, round(FRAME_SECONDS * sample_rate))
    edges = np.arange(0, len(waveform), length)
    power = np.add.reduceat(np.square(waveform, dtype=np.float64), edges) / np.diff(np.append(edges, len(waveform)))
    loud = float(np.percentile(power, 95))
    if not power.any():
        raise ClipError("silent", "nothing but zeros")
    shortest = np.ones(round(SHORTEST_SILENCE / FRAME_SECONDS), np.bool_)
    silent = binary_opening(power <= loud * from_db(THRESHOLD_DB) ** 2, shortest)  # drops the shorter runs
    kept = waveform[~np.repeat(silent, length)[: len(waveform)]]
    if len(kept) < LEAST_LEFT * sample_rate:
        seconds = len(waveform) / sample_rate
        raise ClipError(
            "too_short", f"{len(kept) / sample_rate:.2f} s of {seconds:.2f} s are no silence: {LEAST_LEFT} s are needed"
        )
    return kept
