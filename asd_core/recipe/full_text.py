"""A recipe as TOML text with every field: its value, where that comes from, and what it means."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby

from asd_core.recipe.fields import Field, fields_of, is_toml, shown
from asd_core.recipe.recipe import Recipe
from asd_core.recipe.text import recipe_text, table_text

_WIDTH = 116


def full_text(recipe: Recipe, remarks: str = "") -> str:
    """A recipe with all its fields, to be saved as a ``.toml`` file; `load_recipe` of that gives the same scores.

    An ensemble has the settings of its members as they are.

    Args:
        recipe: to write.
        remarks: lines of the comment above it.
    """
    if recipe.ensemble is not None:
        return recipe_text(recipe, remarks.splitlines())
    blocks = ["\n".join(f"# {line}".rstrip() for line in remarks.splitlines())] if remarks else []
    for table, fields in groupby(fields_of(recipe), key=lambda one: one.table):
        blocks.append("\n".join([f"[{table}]", *(line for one in fields for line in _lines(one))]))
    machines = sorted(recipe.settings.get("machine", {}).items())
    blocks += [table_text(("machine", machine_type), overrides) for machine_type, overrides in machines]
    return "\n\n".join(blocks) + "\n"


def about(text: str) -> str:
    """The comment that a recipe's TOML text begins with, as lines of text; "" without one."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return "\n".join(lines)


def _lines(field: Field) -> Iterator[str]:
    meaning = re.sub("[,;] see `[^`]+`", "", field.meaning).replace("`", "").replace("None", "none").rstrip(".")
    said = f"{meaning} [{_source(field)}]".strip()
    yield from textwrap.wrap(said, _WIDTH, initial_indent="# ", subsequent_indent="#   ")
    yield f"{'' if is_toml(field.value) else '# '}{field.name} = {shown(field.value)}"


def _source(field: Field) -> str:
    if not field.is_set:
        return "default"
    return "set" if field.value == field.default else f"set; default {shown(field.default)}"
