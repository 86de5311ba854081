"""Stores and recipes by name."""

from __future__ import annotations

from asd_core.pipeline.stored_keys import as_stored
from asd_core.recipe.recipe import Recipe
from asd_core.runs.named_recipes import find_recipe
from asd_core.store.store import Store, open_store


def opened(store: Store | str) -> Store:
    """A store, given itself or its folder or address."""
    return open_store(store) if isinstance(store, str) else store


def loaded(recipe: Recipe | str, store: Store) -> Recipe:
    """A recipe under the KEY by which the store holds it.

    Args:
        recipe: itself, its path, or its name: of a built-in one, or of one that the store keeps.
        store: that may keep it.
    """
    return as_stored(store, find_recipe(store, recipe) if isinstance(recipe, str) else recipe)
