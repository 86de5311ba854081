"""Alarms that have settled: machines that have sounded otherwise for a week, and the same each night.

A new microphone, another place or another load moves a machine from one night to the next, and for good. So does a
fault that comes at once and is not mended. Scores do not tell these apart, so each stays an alarm. But if it neither
grows nor fades for a week, it is worth asking which of them it is: only a new fit ends the alarm of a machine that is
well. A fault that grows does not settle.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.drift import WINDOW, two_sided
from asd_core.alarms.machine_nights import Floats

SETTLED_NIGHTS = 7
"""Nights in a row that stood out, after which an alarm may have settled."""

_NO_TREND = 0.2  # least p of a trend over these nights with which they count as steady


def settled(means: Floats, stands_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """True for alarms that have settled by a night, (M, T) → (M, T).

    Args:
        means: (M, T) of the nights' clips, in deviations of the machine's learnt nights; NaN for unknown.
        stands_out: (M, T) True where the machine is in alarm and the night by itself is not quiet. Unknown nights
            between such nights do not count.
    """
    found = np.zeros(means.shape, dtype=bool)
    known = ~np.isnan(means)
    begun = np.full(len(means), -1)
    for night in range(means.shape[1]):
        out, judged = stands_out[:, night], known[:, night]
        begun = np.where(out & (begun < 0), night, np.where(judged & ~out, -1, begun))
        own = np.flatnonzero(out & (begun >= 0))
        columns = np.arange(max(0, night - WINDOW + 1), night + 1)
        lately = np.where(columns >= begun[own, None], means[own][:, columns], np.nan)
        found[own, night] = is_steady(lately)
    return found


def is_steady(values: Floats) -> NDArray[np.bool_]:
    """True for rows of at least `SETTLED_NIGHTS` known values without a trend, (M, T) → (M,).

    A straight line is fitted by least squares, and its slope tested by Student's t.
    """
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    enough = count >= SETTLED_NIGHTS
    places, heights = _centred(np.arange(values.shape[1]) + 0 * values, known), _centred(values, known)
    squares, product = (places**2).sum(axis=1), (places * heights).sum(axis=1)
    slope = product / np.where(enough, squares, 1.0)
    freedom = np.maximum(count - 2, 1).astype(np.float64)
    total = (heights**2).sum(axis=1)
    rest = np.maximum(total - slope * product, 1e-12 * total) / freedom
    t = slope * np.sqrt(squares / np.where(rest > 0, rest, 1.0))
    return np.asarray(enough & (two_sided(t, freedom) > _NO_TREND))


def _centred(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Known values less their mean in each row, 0 for the others."""
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(known, filled - mean[:, None], 0.0)
