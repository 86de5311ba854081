"""The fields that a search varied, and the values that it tried of each."""

from __future__ import annotations

from typing import cast

from asd_core.pages.number_format import MISSING
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.space.dimension import Dimension, Value


def numbers(scope: ScopeOutcome, field: Dimension) -> list[float]:
    """The different values of a field in order; none where one of them is no number or they are merely different."""
    values = {setting[field.name] for setting in scope.settings if field.name in setting}
    if not field.is_ordered or any(isinstance(value, bool | str | tuple) for value in values):
        return []
    return sorted(map(number_of, values))


def texts(scope: ScopeOutcome, field: Dimension) -> list[str]:
    """The different values of a field as texts, in the order of the space."""
    found = {setting[field.name] for setting in scope.settings if field.name in setting}
    if field.choices:
        return [text_of(value) for value in field.choices if value in found]
    return [text_of(value) for value in sorted(found, key=number_of)]


def number_of(value: Value) -> float:
    """A value of a field of numbers."""
    return float(cast(float, value))


def text_of(value: Value | None) -> str:
    """A value as an axis or a table shows it; a dash where a setting has none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(f"{number:g}" for number in value)
    return MISSING if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def curve_field(scope: ScopeOutcome) -> Dimension | None:
    """The field that settings lie along: ``encoder.r`` where it is searched, else the number with the most values."""
    counted = [(len(numbers(scope, one)), one) for one in scope.dimensions]
    known = [(count, one) for count, one in counted if count > 2]
    return max(known, key=lambda pair: (pair[1].name == "encoder.r", pair[0]))[1] if known else None
