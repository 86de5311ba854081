"""The recipe and the store that a command's options name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asd_core.errors import UsageError

_LARGEST_BITS = 64  # of a whole number: no setting takes more, and no float holds a thousand

if TYPE_CHECKING:
    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store


def open_recipe(name: str, settings: Sequence[str]) -> Recipe:
    """The recipe with ``--set`` laid over it."""
    from asd_core.recipe.recipe import load_recipe

    return load_recipe(name).with_settings(changes_of(settings))


def changes_of(settings: Sequence[str]) -> dict[str, Any]:
    """``table.key`` → value of every ``--set``."""
    changes: dict[str, Any] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set takes KEY=VALUE, such as detector.k=8, got {setting!r}")
        changes[key.strip()] = _value(value.strip())
    return changes


def open_both(options: Mapping[str, Any], channel: int | None) -> tuple[Recipe, Store]:
    """The recipe with ``--set``, ``--encoder`` and ``--channel`` laid over it, and the store.

    A trained encoder replaces the recipe's ``[encoder]`` first, and ``--set encoder.KEY`` is laid over its own table.
    """
    from asd_core.recipe.named_encoder import check_changes, names_imported, with_encoder
    from asd_core.runs.named_recipes import find_recipe

    store, name = open_store_of(options["store_url"]), options["encoder_name"]
    recipe, changes = find_recipe(store, options["recipe_name"]), changes_of(options["settings"])
    names = store.encoder_names() if name is not None else {}
    later = dict[str, Any]()
    if name is not None and not names_imported(names, name):
        later = {key: value for key, value in changes.items() if key.startswith("encoder.")}
        check_changes(name, later)
    recipe = recipe.with_settings({key: value for key, value in changes.items() if key not in later})
    if name is not None:
        recipe = with_encoder(recipe, name, names, store.files.url)
    return recipe.with_settings({**later, "encoder.channel": channel}), store


def open_store_of(url: str) -> Store:
    """The store of ``--store``; a file in its place is refused."""
    from asd_core.store.store import open_store

    if "://" not in url and Path(url).is_file():
        raise UsageError(f"the store {url} is a file: name a folder")
    return open_store(url)


def key_of(store: Store, name: str) -> str:
    """The KEY of a recipe's name or path in a store, or the KEY itself, as the store's tables and pages name it."""
    from asd_core.pipeline.stored_keys import as_stored
    from asd_core.runs.named_recipes import find_recipe

    return name if store.entries(key=name) else as_stored(store, find_recipe(store, name)).key()


def _value(text: str) -> Any:
    """``8``, ``0.5``, ``true`` and ``[0, 1]`` read as JSON, anything else as a string."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, int) and value.bit_length() > _LARGEST_BITS:
        return text
    return value if isinstance(value, bool | int | float | str) or _is_flat(value) else text


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(item, list | dict) for item in value)
