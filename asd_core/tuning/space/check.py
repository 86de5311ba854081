"""Checks of a search space: its fields are fields of a recipe, take its values, and suit the number of clips."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from asd_core.alarms.segment_scores import ScoreConfig
from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.detectors.build import detector_keys
from asd_core.detectors.kinds import KINDS as DETECTORS
from asd_core.encoders.build import KINDS as ENCODERS
from asd_core.encoders.build import encoder_keys
from asd_core.errors import UsageError, did_you_mean
from asd_core.recipe.machine_recipe import TABLES, EmbeddingConfig, keys_of, machine_recipe, takes_key
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.dimension import Dimension, Value

_NEED_CLIPS = {
    "detector.k": "a bank",
    "detector.density_k": "a bank without the clip itself",
    "detector.n_components": "a mixture",
    "detector.n_clusters": "k-means",
}
_MOST_CHECKED = 1000  # values of a range that are tried one by one; a longer range is tried at its ends


def check_dimensions(dimensions: Sequence[Dimension], recipe: Recipe) -> None:
    """Refuse fields that no recipe has, that no kind searched has, that change no score, or that refuse their values.

    Args:
        dimensions: of the space.
        recipe: of one machine type; settings are laid over it.

    Raises:
        UsageError: the first of these.
    """
    for dimension in dimensions:
        table, _, field = dimension.name.partition(".")
        if table in ("alarm", "captions"):
            raise UsageError(f"{dimension.name}: no score depends on it: leave it out of the space")
        if table == "training":
            raise UsageError(f"{dimension.name}: a search trains no encoder: leave it out of the space")
        if dimension.name == "encoder.batch_size":
            raise UsageError(f"{dimension.name} changes no embedding: leave it out of the space")
        if table not in ("encoder", "detector"):
            _check_name(dimension.name, _fields_of(table))
            _check_values(dimension, [{}])
            continue
        kinds = _kinds(table, dimensions, recipe)
        having = [kind for kind in kinds if takes_key(table, kind, field)]
        if not having:
            own = sorted(f"{table}.{key}" for kind in kinds if ":" in kind for key in keys_of(table, kind) or ())
            _check_name(dimension.name, [*_fields_of(table), *own])
            raise UsageError(
                f"{dimension.name}: {table} kind {' and '.join(map(repr, kinds))} has no such key: leave it out, or "
                f"search {table}.kind too"
            )
        _check_values(dimension, [{"kind": kind} for kind in having])


def check_enough_clips(dimensions: Sequence[Dimension], normals: Sequence[tuple[str, str, int]]) -> None:
    """Refuse a space whose settings need more clips than a machine has to fit to.

    Args:
        dimensions: of the space.
        normals: machine type, machine id and number of normal clips to fit to.

    Raises:
        UsageError: more neighbours, components or clusters than normal clips.
    """
    for dimension in dimensions:
        if dimension.name not in _NEED_CLIPS:
            continue
        largest = max(dimension.values or (dimension.high,))
        for machine_type, machine_id, count in normals:
            total = count - (dimension.name == "detector.density_k")
            if isinstance(largest, int | float) and largest > total:
                raise UsageError(
                    f"{dimension.name} goes up to {largest}, but {machine_type} {machine_id} has only "
                    f"{total} normal clips for {_NEED_CLIPS[dimension.name]}: lower it, or give the machine more clips"
                )


def _kinds(table: str, dimensions: Sequence[Dimension], recipe: Recipe) -> list[str]:
    """The kinds of encoder or detector that settings may choose, all of them known."""
    searched = [dimension for dimension in dimensions if dimension.name == f"{table}.kind"]
    own = getattr(recipe.for_machine(""), table).kind
    kinds = [str(kind) for kind in searched[0].choices] if searched else [own]
    for kind in kinds:
        machine_recipe({table: {"kind": kind}})
    if not kinds:
        raise UsageError(f"{table}.kind: list the kinds to choose from")
    return kinds


def _check_name(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UsageError(f"a recipe has no field {name!r}{did_you_mean(name, known)}")


def _check_values(dimension: Dimension, beside: Sequence[dict[str, Value]]) -> None:
    """Try each value beside nothing but the kind; a conflict with other fields is the error of a setting."""
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
                message = str(error) if dimension.name in str(error) else f"{dimension.name}: {error}"
                hint = "; add int = true" if "whole number" in message and not dimension.choices else ""
                raise UsageError(f"{message}{hint}") from error


def _fields_of(table: str) -> list[str]:
    """Names of the fields of a table of any kind; of all tables where there is no such table."""
    fields = {
        "encoder": frozenset().union(*(encoder_keys(kind) or () for kind in ENCODERS)),
        "embedding": _names(EmbeddingConfig),
        "detector": frozenset().union(*(detector_keys(kind) or () for kind in DETECTORS)),
        "score": _names(ScoreConfig),
        "threshold": _names(ThresholdConfig),
    }
    wanted = [table] if table in fields else [name for name in TABLES if name in fields]
    return sorted(f"{name}.{field}" for name in wanted for field in fields[name])


def _names(config: type[Any]) -> frozenset[str]:
    return frozenset(field.name for field in dataclasses.fields(config))
