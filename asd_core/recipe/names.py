"""Names of recipes: those that come with the package, the names that a recipe may have, and KEYs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from asd_core.errors import UsageError


def built_in_recipes() -> dict[str, str]:
    """Name → TOML text of every recipe that comes with the package."""
    folder = Path(__file__).parent / "builtin"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}


def check_recipe_name(name: str) -> None:
    """Raise UsageError unless a recipe may be called that: its name stands in folder names and addresses."""
    if not _may_be_name(name):
        raise UsageError(f"a recipe's name may hold letters, digits, '-', '_' and '.', got {name!r}; rename the file")


def check_name_in_store(given: str, name: str) -> None:
    """Raise UsageError unless something in a store may be called that, by the rule for recipes.

    Args:
        given: what the name was given as, such as ``--as``.
        name: of an encoder, a generator or an archive of clips.
    """
    if not _may_be_name(name):
        raise UsageError(f"{given} {name}: a name may hold letters, digits, '-', '_' and '.'")


def _may_be_name(name: str) -> bool:
    letters = all(character.isalnum() or character in "-_." for character in name)
    return bool(name) and letters and not name.startswith(".")


def key_of(name: str, facts: object) -> str:
    """The KEY of a recipe: its name and 8 hex digits of the hash of facts, JSON values."""
    text = json.dumps(facts, sort_keys=True).encode()
    return f"{name}-{hashlib.blake2b(text, digest_size=4).hexdigest()}"
