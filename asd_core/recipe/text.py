"""A recipe as TOML text, with what led to it as a comment above."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from asd_core.errors import AsdError
from asd_core.recipe.machine_recipe import TABLES
from asd_core.recipe.recipe import Recipe

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def recipe_text(recipe: Recipe, remarks: Sequence[str] = ()) -> str:
    """The recipe as a ``.toml`` file holds it; `asd_core.recipe.load_recipe` of that file gives the same settings.

    Args:
        recipe: to write.
        remarks: lines of the comment above it.

    Raises:
        AsdError: a name in it cannot be written as TOML, which is Unicode.
    """
    blocks = ["\n".join(f"# {line}".rstrip() for remark in remarks for line in _printable(remark).split("\n"))]
    blocks += _ensemble_tables(recipe.settings.get("ensemble", {}))
    blocks += [table_text((name,), recipe.settings[name]) for name in TABLES if recipe.settings.get(name)]
    for machine_type, overrides in sorted(recipe.settings.get("machine", {}).items()):
        blocks.append(table_text(("machine", machine_type), overrides))
    text = "\n\n".join(block for block in blocks if block) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise AsdError(
            f"a name cannot be written into a recipe, which is UTF-8: {text[error.start : error.end]!a}; rename the "
            "machine type"
        ) from error
    return text


def _ensemble_tables(ensemble: Mapping[str, Any]) -> list[str]:
    """``[ensemble]``, and a table for each member."""
    own = {name: value for name, value in ensemble.items() if name != "members"}
    members = [table_text(("ensemble", "members", name), one) for name, one in ensemble.get("members", {}).items()]
    return [table_text(("ensemble",), own), *members] if ensemble else []


def table_text(path: Sequence[str], fields: Mapping[str, Any]) -> str:
    """A table of TOML: ``[a.b]`` and its fields."""
    lines = [f"[{'.'.join(map(_key, path))}]"]
    return "\n".join([*lines, *(f"{_key(name)} = {toml_value(value)}" for name, value in fields.items())])


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def toml_value(value: Any) -> str:
    """A value of JSON as TOML writes it; no null."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)  # of a float the shortest text that gives it back; inf and nan are TOML too
        case str():
            return _string(value)
        case Mapping():
            return "{ " + ", ".join(f"{_key(name)} = {toml_value(part)}" for name, part in value.items()) + " }"
        case _:
            return "[" + ", ".join(map(toml_value, value)) + "]"


def _string(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _printable(text: str) -> str:
    """A remark without what a TOML comment may not hold."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)
