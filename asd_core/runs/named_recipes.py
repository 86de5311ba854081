"""Recipes that a store keeps by name: ensembles, and scores made elsewhere.

recipes/<name>.json    name and settings
"""

from __future__ import annotations

import json
import re
from typing import Any

from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.pipeline.stored_keys import recipe_of
from asd_core.recipe.names import built_in_recipes, check_recipe_name
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.store.broken_files import json_object, named_if_broken
from asd_core.store.layout import safe_name
from asd_core.store.store import Store

_FOLDER = "recipes"
_TRAINED = re.compile(r"trained/[^/]+/[^/]+$")


def named_recipe(store: Store, name: str) -> Recipe | None:
    """The recipe that a store keeps by this name; None where it keeps none.

    Weights that the store itself keeps are looked for where the store lies now.

    Raises:
        AsdError: its file is broken.
    """
    path = _path(name)
    if not store.files.exists(path):
        return None
    try:
        recipe = recipe_of({"recipe": _placed(store, json.loads(store.files.read(path)))})
    except (ValueError, RecursionError):
        recipe = None
    if recipe is None:
        raise AsdError(f"{path} in the store is no recipe of this version: restore it, or remove it and make it again")
    return recipe


def recipe_names(store: Store) -> list[str]:
    """Names of the recipes that a store keeps, ascending."""
    found = []
    for info in store.files.list(_FOLDER):
        with named_if_broken(info.path, "restore it, or remove it and make it again"):
            found.append(str(json_object(info.path, store.files.read(info.path))["name"]))
    return sorted(found)


def keep_recipe(store: Store, recipe: Recipe) -> None:
    """Keep a recipe by its name; one that is kept already is left as it is.

    Raises:
        UsageError: the name is one that no recipe may have, of a built-in recipe, or of another recipe in the store.
    """
    check_free(store, recipe.name, recipe)
    data = json.dumps({"name": recipe.name, "settings": recipe.settings}, indent=1).encode()
    if not store.files.write_new(_path(recipe.name), data):
        check_free(store, recipe.name, recipe)  # one that was kept at the same moment may be another


def check_free(store: Store, name: str, recipe: Recipe | None = None) -> None:
    """Raise UsageError unless a store may keep a recipe by this name.

    Args:
        store: that keeps it.
        name: asked for.
        recipe: to be kept; the same recipe may be there already.
    """
    check_recipe_name(name)
    if name in built_in_recipes() or name.endswith(".toml"):
        raise UsageError(f"{name} is the name of a built-in recipe: take another name")
    held = named_recipe(store, name)
    if held is not None and (recipe is None or held.key() != recipe.key()):
        raise UsageError(f"{name} is taken: the store keeps {held.key()} by that name; take another name")


def find_recipe(store: Store, name: str) -> Recipe:
    """The recipe of a name: built in, the path of a ``.toml`` file, or kept by a store.

    Raises:
        UsageError: there is none, with the nearest name.
    """
    if name in built_in_recipes() or name.endswith(".toml"):
        return load_recipe(name)
    if (kept := named_recipe(store, name)) is not None:
        return kept
    if names := recipe_names(store):
        near = did_you_mean(name, [*names, *built_in_recipes()])
        raise UsageError(f"there is no recipe {name!r}, built in or in the store{near}")
    return load_recipe(name)


def _placed(store: Store, value: Any) -> Any:
    """JSON values with each address of weights in ``trained/<name>/<digest>`` as this store's, where it has them."""
    match value:
        case dict():
            return {name: _placed(store, part) for name, part in value.items()}
        case str() if found := _TRAINED.search(value):
            return f"{store.files.url}/{found[0]}" if store.files.exists(f"{found[0]}/encoder.json") else value
    return value


def _path(name: str) -> str:
    return f"{_FOLDER}/{safe_name(name)}.json"
