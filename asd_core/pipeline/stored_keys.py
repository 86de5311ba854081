"""The KEY under which a store holds a recipe, where an older version wrote it.

Version 0.1 hashed thresholds into the KEY, so that its stores hold a recipe with a threshold of its own under another
KEY than the recipe has today. Such a store goes on under the KEY that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asd_core.errors import AsdError
from asd_core.pipeline.scorer_versions import has_scorers
from asd_core.recipe.recipe import Recipe
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store


def as_stored(store: Store, recipe: Recipe) -> Recipe:
    """The recipe under the KEY by which a store holds its scorers; as it is where the store holds none.

    The KEY that version 0.1 gave it comes first, then its own, then that of a stored recipe which differs from it in
    nothing that scorers depend on: its threshold was edited since.
    """
    own, former = recipe.key(), recipe.former_key()
    if former != own and has_scorers(store, former):
        return Recipe(recipe.name, recipe.settings, former)
    if has_scorers(store, own):
        return recipe
    for entry in newest_fits(store):
        if entry.key.rpartition("-")[0] == recipe.name and _own_key_of(store, entry) == own != entry.key:
            return Recipe(recipe.name, recipe.settings, entry.key)
    return recipe


def newest_fits(store: Store) -> list[RunEntry]:
    """The last run of ``asd fit`` of each KEY in a store, the newest first."""
    return sorted({entry.key: entry for entry in store.entries(("fit",))}.values(), reverse=True)


def recipe_of(record: Mapping[str, Any]) -> Recipe | None:
    """The recipe of a run's record; None where it is no recipe any more."""
    try:
        return Recipe(record["recipe"]["name"], record["recipe"]["settings"])
    except (AsdError, KeyError, TypeError):
        return None


def _own_key_of(store: Store, entry: RunEntry) -> str:
    """The KEY that the recipe of a run has today; "" where it is no recipe any more."""
    recipe = recipe_of(store.record(entry))
    try:
        return "" if recipe is None else recipe.key()
    except AsdError:  # its encoder is not here
        return ""
