"""p-values from pooled normal values: their share, and a fitted tail beyond the highest of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from asd_core.alarms.machine_nights import Floats
from asd_core.errors import AsdError

TAIL_SHARE = 0.05
"""Share of the values that the tail is fitted to."""

FEWEST_FOR_TAIL = 60
"""Values below which no tail is fitted: p is then (1 + # at least as high) / (1 + N)."""

BEYOND = 5
"""How many times below 1 / N a tail is trusted: simulated fleets keep what they promise down to there."""

_FEWEST_IN_TAIL, _MOST_IN_TAIL = 10, 500
_SHAPE, _SHAPE_DEVIATION = 0.1, 0.1  # chosen on simulated fleets, docs/alarm-figures.md
_LEAST_P = 1e-300


@dataclass(frozen=True)
class Tail:
    """Pooled normal values, with an upper tail above a start.

    Attributes:
        values: (N,) float64 ascending.
        start: where the tail begins.
        share: of the values in the tail; 0 for no tail.
        shape: ξ of the generalised Pareto distribution, 0 for an exponential one.
        scale: σ of it.
    """

    values: Floats
    start: float
    share: float
    shape: float
    scale: float

    @property
    def floor(self) -> float:
        """The smallest p that these values support."""
        return 1 / (BEYOND * len(self.values)) if self.share else 1 / (1 + len(self.values))

    def p_values(self, values: Floats) -> Floats:
        """Probability of normal values at least as high, of any shape, above 0; below the floor it is a guess."""
        total = len(self.values)
        at_least = total - np.searchsorted(self.values, values, side="left")
        counted = (1 + at_least) / (1 + total)
        if not self.share:
            return np.asarray(counted)
        above = np.maximum(values - self.start, 0.0) / self.scale
        if abs(self.shape) < 1e-6:
            tail = self.share * np.exp(-above)
        else:
            # Nothing lies beyond the end of a tail of negative shape.
            tail = self.share * np.maximum(1 + self.shape * above, 0.0) ** (-1 / self.shape)
        return np.asarray(np.where(values > self.start, np.maximum(tail, _LEAST_P), np.maximum(counted, self.share)))


def pareto_tail(values: Floats) -> Tail:
    """A generalised Pareto tail above the 95 % quantile, or above all but the 500 highest values if that is higher.

    The shape is that of probability-weighted moments (J. R. M. Hosking, J. R. Wallis, "Parameter and Quantile
    Estimation for the Generalized Pareto Distribution", 1987), drawn towards 0.1 by its error of about sqrt(4 / 3k)
    from k values against a deviation of 0.1. The scale keeps the mean of the tail.

    Args:
        values: (N,) pooled normal values on a scale on which most tails are about exponential.

    Raises:
        AsdError: no values, or values that are not finite.
    """
    values, start, above = _split(values)
    if not len(above) or above[-1] <= 0:
        return Tail(values, start, 0.0, 0.0, 1.0)
    count = len(above)
    first = float(above.mean())
    second = float((np.arange(count)[::-1] / (count - 1) * above).mean())
    found = 2 - first / (first - 2 * second) if first != 2 * second else 0.0
    weight, expected = 0.75 * count, 1 / _SHAPE_DEVIATION**2
    # One value far out says little about the shape, whatever it says by these moments.
    shape = (float(np.clip(found, -0.5, 0.5)) * weight + _SHAPE * expected) / (weight + expected)
    return Tail(values, start, count / len(values), shape, first * (1 - shape))


def unit_tail(values: Floats) -> Tail:
    """The tail exp(−y) above the same start: that of −log p, and of the highest of several of them.

    Args:
        values: (N,) pooled normal values.

    Raises:
        AsdError: no values, or values that are not finite.
    """
    values, start, above = _split(values)
    return Tail(values, start, len(above) / len(values), 0.0, 1.0)


def _split(values: Floats) -> tuple[Floats, float, Floats]:
    """All values ascending, the start of the tail, and how far those in the tail lie above it; none of few."""
    ordered = np.sort(np.asarray(values, dtype=np.float64).ravel())
    if not len(ordered) or not np.isfinite(ordered).all():
        raise AsdError(f"{len(ordered)} pooled normal values: there must be at least one, and all finite")
    if len(ordered) < FEWEST_FOR_TAIL:
        return ordered, float(ordered[-1]), ordered[:0]
    count = min(max(_FEWEST_IN_TAIL, int(TAIL_SHARE * len(ordered))), _MOST_IN_TAIL)
    start = float(ordered[-count - 1])
    return ordered, start, ordered[-count:] - start
