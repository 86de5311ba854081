"""Bringing generated recordings to the level of real ones.

A generator's loudness says nothing about the machine, but log-mel spectrograms and what is made of them (TWFR too)
shift with it by as many decibels: without this the synthetic clips would all be far from the real normal ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from asd_core.errors import AsdError, ClipError
from asd_core.simulate.signals import Samples, from_db, rms


def level_db(waveform: Samples) -> float:
    """Rms of (T,) samples in dB re full scale, as in the ``level_db`` of score rows; −inf for nothing but zeros."""
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(rms(waveform)))


def median_level_db(levels: Iterable[float | None]) -> float:
    """The median of the levels of a machine's real normal clips; those that were not heard (None) are left out.

    Raises:
        AsdError: none was heard.
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
        The recording, and by how many dB it stays below the level; 0 but where its peaks are too high for it.

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
