"""What a setting of a search makes of a recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping

from asd_core.recipe.machine_recipe import MachineRecipe, machine_recipe
from asd_core.recipe.overrides import laid_over, takes_key
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.space.dimension import Value

Setting = Mapping[str, Value]
"""Field of a recipe → value, such as ``{"encoder.r": 0.98, "detector.k": 4}``."""


def applied(recipe: Recipe, setting: Setting, machine_type: str = "") -> MachineRecipe:
    """The recipe of one machine type with a setting laid over it, also over the type's own overrides.

    Where the setting chooses a kind of encoder or detector, keys that this kind has not are left out, the recipe's and
    the setting's.

    Raises:
        UsageError: a value that its field does not take, alone or beside the others.
    """
    overrides = concerning({**recipe.overrides(machine_type), **setting})
    return machine_recipe(laid_over(recipe.tables_for(""), overrides))


def concerning(setting: Setting) -> dict[str, Value]:
    """A setting without the fields that the kinds of encoder and detector it chooses have not."""
    kept = dict(setting)
    for table in ("encoder", "detector"):
        kind = setting.get(f"{table}.kind")
        if kind is not None:
            own = [name for name in setting if name.startswith(f"{table}.")]
            for name in own:
                if not takes_key(table, str(kind), name.partition(".")[2]):
                    del kept[name]
    return kept


def with_best(recipe: Recipe, best: Mapping[str, Setting]) -> Recipe:
    """The recipe with a setting for each machine type as its overrides: what ``asd fit`` takes.

    Args:
        recipe: that was searched from.
        best: machine type → setting; "" for all that have none of their own.
    """
    tables = {table: keys for table, keys in recipe.tables_for("").items() if keys}
    if "" in best:
        tables = laid_over(tables, concerning(best[""]))
    machines = {name: dict(table) for name, table in recipe.settings.get("machine", {}).items()}
    for machine_type, setting in best.items():
        if machine_type:
            machines[machine_type] = concerning({**recipe.overrides(machine_type), **setting})
    return Recipe(recipe.name, {**tables, "machine": machines})


def setting_text(setting: Setting) -> str:
    """A setting as JSON, fields in order."""
    return json.dumps(dict(setting), sort_keys=True)
