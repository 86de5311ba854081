"""One measured difference of a clip from normal ones, and how far out of their spread it is."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One measured difference.

    Attributes:
        statement: in words, with its figure.
        deviation: |value - reference| over the normals' spread plus the margin; above 1.
    """

    statement: str
    deviation: float


def deviation(value: float, normal_values: Sequence[float], margin: float) -> tuple[float, float]:
    """The reference, and the distance of a value from it over the normals' spread plus the margin.

    The reference is the median of the normals' values, their spread the largest distance of one of them from it.
    """
    reference = statistics.median(normal_values)
    spread = max(abs(normal - reference) for normal in normal_values)
    return reference, abs(value - reference) / (spread + margin)


def in_hertz(frequency: float) -> str:
    """A frequency in Hz, in words of three digits."""
    return f"{frequency / 1000:.3g} kHz" if frequency >= 999.5 else f"{frequency:.3g} Hz"
