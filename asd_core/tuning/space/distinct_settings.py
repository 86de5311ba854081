"""The settings of a space that come to different recipes: how many there are, all of them, and some at random."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from asd_core.tuning.space.dimension import Dimension, Value
from asd_core.tuning.space.setting import Setting, relevant_fields, setting_text
from asd_core.tuning.space.space import Space

MOST = 1_000_000
"""Settings that are listed one by one, at most."""

_TRIES = 50  # draws per setting, before the remaining ones are picked from a full list
_KINDS = ("encoder.kind", "detector.kind")


class DistinctSettings:
    """The settings of a space, each once; a setting leaves out fields that its kinds do not have.

    Attributes:
        count: number of settings; None where a range of some kind has no step, so that there are infinitely many.
    """

    def __init__(self, space: Space) -> None:
        self._dimensions = space.dimensions
        kinds = [one for one in space.dimensions if one.name in _KINDS and one.choices]
        self._kinds = [one.name for one in kinds]
        self._relevant: dict[tuple[Value, ...], Collection[str]] = {
            chosen: relevant_fields(
                {one.name: "" for one in space.dimensions} | dict(zip(self._kinds, chosen, strict=True))
            )
            for chosen in itertools.product(*(one.choices for one in kinds))
        }
        counts = [[None if own is None else len(own) for own in values.values()] for values in self._values()]
        finite = [math.prod(count for count in own if count is not None) for own in counts if None not in own]
        self.count = sum(finite) if len(finite) == len(counts) else None

    def setting(self, values: Mapping[str, Value]) -> Setting:
        """The setting of a value for every field of the space: without fields that its kinds do not have."""
        relevant = self._relevant[tuple(values[name] for name in self._kinds)]
        return {name: value for name, value in values.items() if name in relevant}

    def every(self) -> Iterator[Setting]:
        """Every setting, kind by kind, the last field changing fastest; none where there are infinitely many."""
        for values in self._values():
            listed = [() if own is None else own for own in values.values()]
            yield from (dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*listed))

    def some(self, count: int, rng: np.random.Generator, taken: Collection[str] = ()) -> list[Setting]:
        """Some settings at random; all remaining ones in random order where there are no more.

        Every field is drawn by itself. Too few come back only where the remaining settings are hardly ever drawn and
        cannot be listed, because there are infinitely many or more than `MOST`.

        Args:
            count: number of settings.
            rng: draws them.
            taken: texts (`setting_text`) of settings that are left out.
        """
        found: dict[str, Setting] = {}
        held = math.inf if self.count is None else self.count
        is_listed = held <= MOST
        is_all = is_listed and held - len(taken) <= count
        for _ in range(0 if is_all else _TRIES * count):
            setting = self.setting({one.name: one.draw(rng) for one in self._dimensions})
            if (text := setting_text(setting)) not in taken:
                found.setdefault(text, setting)
            if len(found) == count:
                break
        missing = count - len(found)
        if not missing or not is_listed:
            return list(found.values())
        others = [one for one in self.every() if (text := setting_text(one)) not in taken and text not in found]
        return [*found.values(), *(others[place] for place in rng.permutation(len(others))[:missing])]

    def _values(self) -> Iterator[dict[str, Sequence[Value] | None]]:
        """For each choice of kinds: its fields and their values; None for infinitely many values."""
        for chosen, relevant in self._relevant.items():
            fixed = dict(zip(self._kinds, chosen, strict=True))
            own = [one for one in self._dimensions if one.name in relevant]
            yield {one.name: (fixed[one.name],) if one.name in fixed else _values(one) for one in own}


def _values(one: Dimension) -> Sequence[Value] | None:
    if one.values is None and one.is_integer:
        return range(int(one.low), int(one.high) + 1)
    return (one.low,) if one.values is None and one.low == one.high else one.values
