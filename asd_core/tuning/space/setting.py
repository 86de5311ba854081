"""Settings of a search, and the recipes that they make."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from asd_core.recipe.machine_recipe import MachineRecipe, laid_over, machine_recipe, takes_key
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.dimension import Value

Setting = Mapping[str, Value]
"""Field of a recipe → value, such as ``{"encoder.r": 0.98, "detector.k": 4}``."""


def applied(recipe: Recipe, setting: Setting, machine_type: str = "") -> MachineRecipe:
    """The recipe of one machine type with a setting laid over it, also over the type's own overrides.

    A setting that chooses a kind of encoder or detector drops the keys of other kinds, the recipe's and its own.

    Raises:
        UsageError: a value that its field does not take, alone or beside the others.
    """
    overrides = relevant_fields({**recipe.overrides(machine_type), **setting})
    return machine_recipe(laid_over(recipe.tables_for(""), overrides))


def relevant_fields(setting: Setting) -> dict[str, Value]:
    """The setting without fields that its kinds of encoder and detector do not have."""

    def is_relevant(name: str) -> bool:
        table, _, field = name.partition(".")
        kind = setting.get(f"{table}.kind") if table in ("encoder", "detector") else None
        return kind is None or takes_key(table, str(kind), field)

    return {name: value for name, value in setting.items() if is_relevant(name)}


def with_best(recipe: Recipe, best: Mapping[str, Setting]) -> Recipe:
    """The recipe with a setting for each machine type as its overrides, ready for ``asd fit``.

    Args:
        recipe: the one that was searched from.
        best: machine type → setting; "" for all types that have none of their own.
    """
    tables = {table: keys for table, keys in recipe.tables_for("").items() if keys}
    if "" in best:
        tables = laid_over(tables, relevant_fields(best[""]))
    machines = {name: dict(table) for name, table in recipe.settings.get("machine", {}).items()}
    for machine_type, setting in best.items():
        if machine_type:
            machines[machine_type] = relevant_fields({**recipe.overrides(machine_type), **setting})
    return Recipe(recipe.name, {**tables, "machine": machines})


def changed_fields(recipe: Recipe, settings: Sequence[Setting], machine_type: str = "") -> list[int]:
    """The number of fields in which each setting differs from the recipe as it is, (S,)."""
    whole = recipe.for_machine(machine_type)
    written = recipe.tables_for(machine_type)
    written["encoder"] = {**json.loads(whole.encoder.options), **written["encoder"]}

    def own(name: str) -> object:
        table, _, field = name.partition(".")
        is_written = field in written.get(table, {})
        return written[table][field] if is_written else getattr(getattr(whole, table, None), field, None)

    values = {name: own(name) for name in dict.fromkeys(name for setting in settings for name in setting)}
    return [
        sum(not _is_same(value, values[name]) for name, value in relevant_fields(setting).items())
        for setting in settings
    ]


def _is_same(value: object, own: object) -> bool:
    if isinstance(value, float) and isinstance(own, int | float):
        return math.isclose(value, own, rel_tol=1e-9)  # values between the ends of a range are rounded
    return value == own


def setting_text(setting: Setting) -> str:
    """A setting as JSON, fields in order."""
    return json.dumps(dict(setting), sort_keys=True)
