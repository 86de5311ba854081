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
    if not name or not all(character.isalnum() or character in "-_." for character in name) or name.startswith("."):
        raise UsageError(f"a recipe's name may hold letters, digits, '-', '_' and '.', got {name!r}; rename the file")


def key_of(name: str, facts: object) -> str:
    """The KEY of a recipe: its name and 8 hex digits of the hash of facts, JSON values."""
    text = json.dumps(facts, sort_keys=True).encode()
    return f"{name}-{hashlib.blake2b(text, digest_size=4).hexdigest()}"
