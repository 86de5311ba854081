"""What the figures share: the values of a field, round marks, and lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.dimension import Dimension, Value


def numbers(scope: ScopeOutcome, field: Dimension) -> list[float]:
    """The different values of a field in order; none where one of them is no number or they are merely different."""
    values = {setting[field.name] for setting in scope.settings if field.name in setting}
    if not field.is_ordered or any(isinstance(value, bool | str) for value in values):
        return []
    return sorted(map(float, values))


def texts(scope: ScopeOutcome, field: Dimension) -> list[str]:
    """The different values of a field as texts, in the order of the space."""
    found = {setting[field.name] for setting in scope.settings if field.name in setting}
    if field.choices:
        return [text_of(value) for value in field.choices if value in found]
    return [text_of(value) for value in sorted(found, key=float)]


def text_of(value: Value) -> str:
    """A value as an axis shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def curve_field(scope: ScopeOutcome) -> Dimension | None:
    """The field that settings lie along: ``encoder.r`` where it is searched, else the number with the most values."""
    counted = [(len(numbers(scope, one)), one) for one in scope.dimensions]
    known = [(count, one) for count, one in counted if count > 2]
    return max(known, key=lambda pair: (pair[1].name == "encoder.r", pair[0]))[1] if known else None


def scaled(low: float, high: float, log: bool = False) -> Callable[[float], float]:
    """A scale on which ``low`` is 0 and ``high`` is 1."""
    first, last = (math.log(low), math.log(high)) if log else (low, high)
    return lambda value: ((math.log(value) if log else value) - first) / (last - first or 1.0)


def padded(low: float, high: float) -> tuple[float, float]:
    """A scale somewhat wider than its values."""
    margin = 0.06 * (high - low) or 0.01
    return low - margin, high + margin


def line(points: Sequence[tuple[float, float]]) -> str:
    """An SVG path through points."""
    return "".join(f"{'L' if index else 'M'}{x:g} {y:g}" for index, (x, y) in enumerate(points))


def round_values(low: float, high: float, log: bool = False) -> list[float]:
    """One to six round values inside a scale, its ends where there is none."""
    if high <= low:
        return [low]
    if log:
        powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
        return [10.0**power for power in powers][:: max(1, math.ceil(len(powers) / 6))] or [low, high]
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]
