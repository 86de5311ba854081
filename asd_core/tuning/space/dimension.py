"""One field of a recipe in a search space, and the values that it may take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from asd_core.errors import UsageError
from asd_core.settings import check_keys

Value = bool | int | float | str | tuple[float, ...]
"""A value of a field; several numbers are one value of a field that takes a list, such as ``encoder.r``."""

_MOST_VALUES = 100_000  # of one range: more come from a typing error in its step


@dataclass(frozen=True)
class Dimension:
    """A field of a recipe and the values it may take: those listed, or those of a range.

    Attributes:
        name: the field as a recipe has it, such as ``detector.k``.
        choices: the values listed; empty for a range.
        is_ordered: true where listed values are steps of one quantity (``grid``), false where they are merely
            different (``choice``).
        low: least value of a range.
        high: greatest value of a range, included.
        step: between the values of a range; None for any value between.
        log: true where values are drawn evenly in their logarithm.
        is_integer: true where the values of a range are whole numbers.
    """

    name: str
    choices: tuple[Value, ...] = ()
    is_ordered: bool = True
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    is_integer: bool = False

    @cached_property
    def values(self) -> tuple[Value, ...] | None:
        """Every value in order; None for a range without a step, which has infinitely many."""
        if self.choices or self.step is None:
            return self.choices or None
        low, step = Decimal(repr(self.low)), Decimal(repr(self.step))  # 0.1 + 2 · 0.1 is 0.3, as it is written
        steps = [low + index * step for index in range(_steps(self.low, self.high, self.step) + 1)]
        return tuple(int(value) if self.is_integer else float(value) for value in steps)

    def draw(self, rng: np.random.Generator) -> Value:
        """One value at random: evenly over the values, or over the range."""
        if self.values is not None and not self.log:
            return self.values[int(rng.integers(len(self.values)))]
        if not self.log:
            return float(rng.uniform(self.low, self.high))
        if not self.is_integer:
            drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
            return float(min(max(drawn, self.low), self.high))
        drawn = math.exp(rng.uniform(math.log(self.low - 0.5), math.log(self.high + 0.5)))
        return int(min(max(round(drawn), self.low), self.high))


def dimension(name: str, table: Any) -> Dimension:
    """Make the dimension of one field from a space's file.

    Args:
        name: of the field.
        table: ``{"grid": [...]}``, ``{"choice": [...]}``, or ``low`` and ``high`` with ``step``, ``log`` or ``int``.

    Raises:
        UsageError: anything else, or a range without values.
    """
    if not isinstance(table, Mapping):
        raise UsageError(
            f"{name} = {table!r}: write {{ grid = [...] }}, {{ choice = [...] }} or {{ low = ..., high = ... }}"
        )
    check_keys(table, ["grid", "choice", "low", "high", "step", "log", "int"], name)
    kinds = [kind for kind in ("grid", "choice", "low") if kind in table]
    if len(kinds) != 1:
        raise UsageError(f"{name}: give either grid, or choice, or low and high")
    return _range(name, table) if kinds == ["low"] else _listed(name, kinds[0], table)


def _listed(name: str, kind: str, table: Mapping[str, Any]) -> Dimension:
    values = table[kind]
    if kind == "choice" and isinstance(values, list):
        values = [tuple(value) if _is_numbers(value) else value for value in values]
    if len(table) > 1:
        raise UsageError(
            f"{name}: {kind} lists all values, so {', '.join(set(table) - {kind})} means nothing beside it"
        )
    if not isinstance(values, list) or not all(isinstance(value, bool | int | float | str | tuple) for value in values):
        hint = "; several numbers as one value are listed by choice" if kind == "grid" else ""
        raise UsageError(f"{name}: {kind} = {values!r} is not a list of numbers, strings or booleans{hint}")
    if not values:
        raise UsageError(f"{name}: {kind} is empty: give at least one value")
    twice = [value for index, value in enumerate(values) if any(_same(value, other) for other in values[:index])]
    if twice:
        raise UsageError(f"{name}: {kind} lists {twice[0]!r} twice")
    return Dimension(name, tuple(values), is_ordered=kind == "grid")


def _range(name: str, table: Mapping[str, Any]) -> Dimension:
    if "high" not in table:
        raise UsageError(f"{name}: low without high: give both ends of the range")
    for key in ("low", "high", "step"):
        value = table.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UsageError(f"{name}: {key} = {value!r} is not a number")
    for key in ("log", "int"):
        if not isinstance(table.get(key, False), bool):
            raise UsageError(f"{name}: {key} = {table[key]!r}: write true or false")
    low, high, step = table["low"], table["high"], table.get("step")
    log, is_integer = table.get("log", False), table.get("int", False)
    if low > high:
        raise UsageError(f"{name}: low = {low} lies above high = {high}, so the range is empty")
    if step is not None and step <= 0:
        raise UsageError(f"{name}: step = {step} must be above 0")
    if log and step is not None:
        raise UsageError(
            f"{name}: log draws from the whole range, so step = {step} means nothing beside it; list a grid"
        )
    if log and low <= 0:
        raise UsageError(f"{name}: low = {low} has no logarithm: it must be above 0")
    numbers = [low, high] + ([] if step is None else [step])
    if step is not None and all(isinstance(number, int) for number in numbers):
        is_integer = True
    if is_integer and not all(float(number).is_integer() for number in numbers):
        raise UsageError(f"{name}: int = true, but its ends and step are {', '.join(map(str, numbers))}")
    if is_integer:
        low, high, step = int(low), int(high), 1 if step is None else int(step)
    if step is not None and _steps(low, high, step) >= _MOST_VALUES:
        raise UsageError(f"{name}: step = {step} gives more than {_MOST_VALUES} values: take a larger one")
    return Dimension(name, (), True, low, high, step, log, is_integer)


def _steps(low: float, high: float, step: float) -> int:
    return int((Decimal(repr(high)) - Decimal(repr(low))) / Decimal(repr(step)))


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(number) in (int, float) for number in value)


def _same(value: Value, other: Value) -> bool:
    return value == other and isinstance(value, bool) == isinstance(other, bool)
