"""Search spaces: fields of a recipe and the values that each may take, as TOML.

    "encoder.r"             = { low = 0.0, high = 1.1, step = 0.01 }        # 111 values
    "detector.kind"         = { choice = ["memory_bank", "gmm"] }
    "detector.k"            = { grid = [1, 2, 4, 8] }
    "detector.n_components" = { low = 1, high = 8, int = true }
    "detector.reg_covar"    = { low = 1e-6, high = 1e-2, log = true }       # any value: not for a grid search

`grid` and `choice` both list values. Where the kind of encoder or detector is searched too, a field is left out for the
kinds that do not have it. Settings that make the same recipe are evaluated once.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from asd_core.errors import UsageError
from asd_core.recipe.machine_recipe import TABLES
from asd_core.recipe.recipe import Recipe
from asd_core.text_files import read_text, toml_of
from asd_core.tuning.space.check import check_dimensions
from asd_core.tuning.space.dimension import Dimension, Value, dimension
from asd_core.tuning.space.setting import Setting


class Space:
    """Fields of a recipe and the values that each may take."""

    def __init__(self, dimensions: Sequence[Dimension]) -> None:
        self.dimensions = tuple(dimensions)

    @property
    def size(self) -> int | None:
        """Number of settings; None where a range has no step, so that there are infinitely many."""
        counts = [None if one.values is None else len(one.values) for one in self.dimensions]
        return None if None in counts else math.prod(count for count in counts if count is not None)

    def grid(self) -> Iterator[Setting]:
        """Every setting, the last field changing fastest.

        Raises:
            UsageError: there are infinitely many settings.
        """
        return _product(self.dimensions, "a grid search")

    def encoder_settings(self) -> list[Setting]:
        """Every combination of the fields of ``[encoder]``: the settings that one pass over the audio must serve.

        Raises:
            UsageError: a range of theirs has no step, so that no pass over the audio can serve all its values.
        """
        own = [one for one in self.dimensions if one.name.startswith("encoder.")]
        return list(_product(own, "one pass over audio"))

    def check(self, recipe: Recipe) -> None:
        """Refuse fields and values that a recipe cannot have, for every machine type that it knows.

        Args:
            recipe: settings are laid over it.

        Raises:
            UsageError: a field that no recipe has, that no kind searched has, or on which no score depends; a value
                that the field does not take.
        """
        for machine_type in ["", *recipe.settings.get("machine", {})]:
            check_dimensions(self.dimensions, recipe.only_for(machine_type))


def built_in_spaces() -> dict[str, Path]:
    """Name → file of every space that comes with the package; each has the name of the recipe that it searches."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "builtin").glob("*.toml"))}


def load_space(path: str) -> Space:
    """Read a space from a TOML file, or a built-in one by its name.

    Raises:
        UsageError: no such file or name, no valid TOML, or no valid space.
    """
    text = read_text(str(built_in_spaces().get(path, path)), f"the space {path}")
    tables = toml_of(text, f"the space {path} is no valid TOML")
    return new_space(tables, f"the space {path}")


def new_space(tables: Mapping[str, Any], where: str = "the space") -> Space:
    """Make a space from field → its values; ``detector.k`` may also be written as a nested table.

    Raises:
        UsageError: see `dimension`, or no field at all.
    """
    fields = _fields(tables)
    if not fields:
        raise UsageError(f'{where} names no field: write, for instance, "detector.k" = {{ grid = [1, 2, 4] }}')
    names = [name for name, _ in fields]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{where} names {name} twice")
    return Space([dimension(name, table) for name, table in fields])


def _fields(tables: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Fields with dotted names; TOML reads ``detector.k`` without quotes as the nested ``{"detector": {"k": ...}}``."""
    fields: list[tuple[str, Any]] = []
    for name, value in tables.items():
        is_nested = name in TABLES and isinstance(value, dict)
        fields += [(f"{name}.{key}", table) for key, table in value.items()] if is_nested else [(name, value)]
    return fields


def _product(dimensions: Sequence[Dimension], purpose: str) -> Iterator[Setting]:
    values: list[tuple[Value, ...]] = []
    for one in dimensions:
        if one.values is None:
            raise UsageError(
                f"{one.name} has no step, so its values are infinitely many: {purpose} needs a step or a grid"
            )
        values.append(one.values)
    names = [one.name for one in dimensions]
    return (dict(zip(names, combination, strict=True)) for combination in itertools.product(*values))
