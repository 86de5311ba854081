"""The KEY under which a store holds a recipe, where an older version wrote it.

Version 0.1 hashed thresholds into the KEY, so that its stores hold a recipe with a threshold of its own under another
KEY than the recipe has today. Such a store goes on under the KEY that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asd_core.errors import AsdError
from asd_core.pipeline.scorer_versions import has_scorers
from asd_core.recipe.fields import scorer_fields
from asd_core.recipe.recipe import Recipe
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store


def as_stored(store: Store, recipe: Recipe) -> Recipe:
    """The recipe under the KEY by which a store holds its scorers; as it is where the store holds none.

    The KEY that version 0.1 gave it comes first, then its own, then that of a stored recipe which differs from it in
    nothing that scorers depend on: its threshold was edited since, or its defaults were written out.
    """
    own, former = recipe.key(), recipe.former_key()
    if former != own and has_scorers(store, former):
        return Recipe(recipe.name, recipe.settings, former)
    if has_scorers(store, own):
        return recipe
    fits = [entry for entry in newest_fits(store) if entry.key.rpartition("-")[0] == recipe.name]
    fields = scorer_fields(recipe) if fits else {}
    same = (entry.key for entry in fits if _is_the_same(store, entry, recipe, fields))
    return next((Recipe(recipe.name, recipe.settings, key) for key in same), recipe)


def newest_fits(store: Store) -> list[RunEntry]:
    """The last run of ``asd fit`` of each KEY in a store, the newest first."""
    return sorted({entry.key: entry for entry in store.entries(("fit",))}.values(), reverse=True)


def recipe_of(record: Mapping[str, Any]) -> Recipe | None:
    """The recipe of a run's record; None where it is no recipe any more."""
    try:
        return Recipe(record["recipe"]["name"], record["recipe"]["settings"])
    except (AsdError, KeyError, TypeError):
        return None


def _is_the_same(store: Store, entry: RunEntry, recipe: Recipe, fields: Mapping[str, Any]) -> bool:
    """True where the scorers of a run are those that a recipe with these fields would have."""
    record = store.record(entry)
    stored = recipe_of(record)
    try:
        if stored is None or scorer_fields(stored) != fields:
            return False
    except AsdError:  # a class of one's own that is not here
        return False
    made_from: Mapping[str, str] = record.get("fingerprints", {})
    return all(recipe.fingerprint(machine_type) == name for machine_type, name in made_from.items())
