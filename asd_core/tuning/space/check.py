"""Whether the fields of a search space are fields of a recipe, and their values such as these take."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.detectors.build import KINDS as DETECTORS
from asd_core.detectors.build import detector_keys
from asd_core.encoders.build import encoder_keys
from asd_core.encoders.kinds import KINDS as ENCODERS
from asd_core.errors import UsageError, did_you_mean
from asd_core.recipe.machine_recipe import TABLES, EmbeddingConfig, machine_recipe
from asd_core.recipe.overrides import keys_of, takes_key
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.dimension import Dimension, Value

_WITHOUT_EFFECT = {"encoder.batch_size": "changes no embedding"}
_MOST_CHECKED = 1000  # values of a range that are tried one by one; of more, its ends


def check_dimensions(dimensions: Sequence[Dimension], recipe: Recipe) -> None:
    """Refuse fields that a recipe has not, that no kind searched has, without effect, or with values they do not take.

    Args:
        dimensions: of the space.
        recipe: over which settings are laid, of one machine type.

    Raises:
        UsageError: the first of these.
    """
    for dimension in dimensions:
        table, _, field = dimension.name.partition(".")
        if table == "captions":
            raise UsageError(f"{dimension.name}: no score depends on it: leave it out of the space")
        if dimension.name in _WITHOUT_EFFECT:
            raise UsageError(f"{dimension.name} {_WITHOUT_EFFECT[dimension.name]}: leave it out of the space")
        if table not in ("encoder", "detector"):
            _check_name(dimension.name, _fields_of(table))
            _check_values(dimension, [{}])
            continue
        kinds = _kinds(table, dimensions, recipe)
        _check_kinds(table, kinds)
        having = [kind for kind in kinds if takes_key(table, kind, field)]
        if not having:
            own = sorted(f"{table}.{key}" for kind in kinds if ":" in kind for key in keys_of(table, kind) or ())
            _check_name(dimension.name, [*_fields_of(table), *own])
            raise UsageError(
                f"{dimension.name}: {table} kind {' and '.join(map(repr, kinds))} has no such key: leave it out, or "
                f"search {table}.kind too"
            )
        _check_values(dimension, [{"kind": kind} for kind in having])


def _kinds(table: str, dimensions: Sequence[Dimension], recipe: Recipe) -> list[str]:
    """The kinds of encoder or detector that settings may choose."""
    for dimension in dimensions:
        if dimension.name == f"{table}.kind":
            return [str(kind) for kind in dimension.choices]
    return [getattr(recipe.for_machine(""), table).kind]


def _check_kinds(table: str, kinds: Sequence[str]) -> None:
    for kind in kinds:
        machine_recipe({table: {"kind": kind}})
    if not kinds:
        raise UsageError(f"{table}.kind: list the kinds to choose from")


def _check_name(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UsageError(f"a recipe has no field {name!r}{did_you_mean(name, known)}")


def _check_values(dimension: Dimension, beside: Sequence[dict[str, Value]]) -> None:
    """Try each value, alone beside nothing but the kind: what it may not stand beside is told setting by setting."""
    table, _, field = dimension.name.partition(".")
    if dimension.values is None:
        tried: Sequence[Value] = (float(dimension.low), float(dimension.high))
    elif len(dimension.values) <= _MOST_CHECKED:
        tried = dimension.values
    else:
        tried = (dimension.values[0], dimension.values[-1])
    for keys in beside:
        for value in tried:
            try:
                machine_recipe({table: {**keys, field: value}})
            except UsageError as error:
                told = str(error) if dimension.name in str(error) else f"{dimension.name}: {error}"
                hint = "; add int = true" if "whole number" in told and not dimension.choices else ""
                raise UsageError(f"{told}{hint}") from error


def _fields_of(table: str) -> list[str]:
    """Names of the fields of a table of any kind; of all tables where there is no such table."""
    fields = {
        "encoder": frozenset().union(*(encoder_keys(kind) or () for kind in ENCODERS)),
        "embedding": _names(EmbeddingConfig),
        "detector": frozenset().union(*(detector_keys(kind) or () for kind in DETECTORS)),
        "threshold": _names(ThresholdConfig),
    }
    wanted = [table] if table in fields else [name for name in TABLES if name in fields]
    return sorted(f"{name}.{field}" for name in wanted for field in fields[name])


def _names(config: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(config))
