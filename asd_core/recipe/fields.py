"""Every field of a recipe: its value, where that comes from and what it means, as its class' docstring tells it."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asd_core.detectors.group_settings import GroupedConfig, group_settings
from asd_core.detectors.own import OwnConfig
from asd_core.encoders.build import kind_of, new_encoder
from asd_core.encoders.config import SHARED_KEYS, EncoderConfig
from asd_core.encoders.trainable import is_trainable
from asd_core.encoders.trained_options import digest_of_folder
from asd_core.errors import UsageError
from asd_core.named_class import named_class
from asd_core.recipe.machine_recipe import EXPLAINING, JUDGING, TABLES, TEACHING, MachineRecipe, keys_of, machine_recipe
from asd_core.recipe.recipe import Recipe
from asd_core.recipe.text import toml_value

_MISSING = object()


@dataclass(frozen=True)
class Field:
    """One field of a recipe.

    Attributes:
        table: such as ``detector``.
        name: such as ``k``.
        value: in force.
        default: the value of a recipe that leaves it out.
        is_set: the recipe names it.
        meaning: one line; "" where its class does not tell.
    """

    table: str
    name: str
    value: Any
    default: Any
    is_set: bool
    meaning: str


def fields_of(recipe: Recipe) -> list[Field]:
    """Every field that a recipe has beside its overrides for machine types, in the order of their tables.

    The table of training is left out where the encoder cannot be trained and the recipe does not set it, and the
    table of a generator where the recipe does not set it.
    """
    machine, found = recipe.for_machine(""), _ensemble_fields(recipe)
    is_taught = is_trainable(machine.encoder)
    for table in TABLES if recipe.ensemble is None else (*JUDGING, *EXPLAINING):
        given = recipe.settings.get(table, {})
        if table in TEACHING and not (given or (is_taught and table == "training")):
            continue
        default = _defaults(table, given)
        rows = sorted(_values(table, getattr(machine, table)), key=lambda row: row[0] != "kind")
        found += [Field(table, name, value, default.get(name), name in given, told) for name, value, told in rows]
    return found


def _ensemble_fields(recipe: Recipe) -> list[Field]:
    """The rule of an ensemble, and the KEY and share of each member; none of another recipe."""
    if recipe.ensemble is None:
        return []
    keys = {name: member.key() for name, member in recipe.members.items()}
    rule = Field("ensemble", "rule", recipe.ensemble.rule, "z", True, meanings(type(recipe.ensemble))["rule"])
    shares = [(name, f"{keys[name]} x {share:.3g}") for name, share in recipe.ensemble.shares.items()]
    return [rule, *(Field("ensemble", f"members.{name}", told, None, True, "") for name, told in shares)]


def differences(recipe: Recipe, other: Recipe) -> list[str]:
    """The fields that scorers depend on and that two recipes have otherwise, as this one has them: ``detector.k = 4``.

    Of a table whose kind differs only the kind is told.
    """
    found = _differing(recipe, other)
    kinds = {key.partition(".")[0] for key in found if key.endswith(".kind")}
    told = [
        f"{key} = {shown(value)}"
        for key, value in found.items()
        if key.endswith(".kind") or key.partition(".")[0] not in kinds
    ]
    return told + _other_machines(recipe, other)


def settings_towards(recipe: Recipe, other: Recipe) -> list[str]:
    """The ``table.key=value`` by which this recipe becomes another one; none where that takes more than values."""
    found = _differing(other, recipe)
    is_more = any(key.endswith(".kind") or key.startswith("ensemble.members") for key in found)
    is_more |= not all(isinstance(value, bool | int | float | str) for value in found.values())
    if is_more or _other_machines(recipe, other) or _other_machines(other, recipe):
        return []
    return [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in found.items()]


def _differing(recipe: Recipe, other: Recipe) -> dict[str, Any]:
    mine, theirs = _by_name(recipe), _by_name(other)
    return {key: value for key, value in mine.items() if theirs.get(key, _MISSING) != value}


def _other_machines(recipe: Recipe, other: Recipe) -> list[str]:
    machines = recipe.settings.get("machine", {}), other.settings.get("machine", {})
    return [f"[machine.{kind}]" for kind in machines[0] if machines[0][kind] != machines[1].get(kind)]


def shown(value: Any) -> str:
    """A value as TOML writes it; ``none`` for None, for which TOML has no word."""
    return toml_value(value) if is_toml(value) else "none" if value is None else repr(value)


def is_toml(value: Any) -> bool:
    """True where TOML has a word for a value."""
    return isinstance(value, bool | int | float | str | list | tuple)


def scorer_fields(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """Every field that scorers depend on, defaults filled in: by machine type with others, and ("") for the rest.

    Recipes whose keys differ can be equal in this: a default of ``[encoder]`` written out is another key.
    """
    return {kind: _by_name(recipe.only_for(kind)) for kind in recipe.scorer_kinds()}


def _by_name(recipe: Recipe) -> dict[str, Any]:
    unasked = (*JUDGING, *EXPLAINING, *TEACHING)
    fields = [one for one in fields_of(recipe) if one.table not in unasked and one.name != "batch_size"]
    by_name = {f"{one.table}.{one.name}": one.value for one in fields}
    if by_name.get("encoder.digest"):  # trained weights may lie anywhere
        del by_name["encoder.weights"]
    if "embedding.head" in by_name:
        by_name["embedding.head"] = digest_of_folder(by_name["embedding.head"])
    return by_name


def _defaults(table: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Field → value of a table that names its kind and nothing else; none where that is no recipe."""
    try:
        machine: MachineRecipe = machine_recipe({table: {name: given[name] for name in ("kind",) if name in given}})
        return {name: value for name, value, _ in _values(table, getattr(machine, table))}
    except UsageError:
        return {}


def _values(table: str, config: Any) -> Iterator[tuple[str, Any, str]]:
    """Name, value and meaning of each field of a table."""
    if table == "detector":
        yield from _own_values(table, config.detector if isinstance(config, GroupedConfig) else config)
        yield from _own_values(table, group_settings(config))
    else:
        yield from _own_values(table, config)


def _own_values(table: str, config: Any) -> Iterator[tuple[str, Any, str]]:
    if isinstance(config, OwnConfig):
        own = meanings(named_class(config.kind, "[detector]"))
        yield "kind", config.kind, ""
        yield from ((name, value, own.get(name, "")) for name, value in config.settings.items())
        return
    told = meanings(type(config))
    for field in dataclasses.fields(config):
        if field.name != "options" or not isinstance(config, EncoderConfig):
            yield field.name, getattr(config, field.name), told.get(field.name, "")
    if isinstance(config, EncoderConfig) and kind_of(config.kind).is_from_audio:
        encoder = new_encoder(config)
        own, keys = meanings(type(encoder)), (keys_of(table, config.kind) or frozenset(vars(encoder))) - SHARED_KEYS
        in_order = [name for name in vars(encoder) if name in keys]
        for name in [*in_order, *sorted(keys - {*in_order})]:
            yield name, getattr(encoder, name, None), own.get(name, "")


def meanings(named: type) -> dict[str, str]:
    """Attribute → one line of what the docstring of a class, or of one above it, says under ``Attributes:``."""
    found: dict[str, str] = {}
    for one in reversed(inspect.getmro(named)):
        _, _, section = inspect.cleandoc(one.__doc__ or "").partition("\nAttributes:\n")
        lines = re.split(r"\n(?=\S)", section)[0].replace("\n        ", " ")
        found |= dict(re.findall(r"^    (\w+): (.+)$", lines, re.MULTILINE))
    return found
