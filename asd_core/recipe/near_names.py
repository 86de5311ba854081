"""Hints for a recipe or a setting that is not there: what a user most likely meant."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from pathlib import Path

from asd_core.errors import UsageError, did_you_mean
from asd_core.recipe.machine_recipe import OF_NIGHTS, TABLES, MachineRecipe, keys_of

_SUFFIX = ".toml"


def near_recipe(name: str, built_in: Iterable[str]) -> str:
    """A hint for a name that is no built-in recipe: a file of that name, or the nearest name."""
    path = Path(name)
    with_suffix = path.with_name(path.name + _SUFFIX) if path.name else path
    if with_suffix.is_file():
        return f"; there is a file {with_suffix}: --recipe {with_suffix}"
    if path.is_file():
        return f"; the file of a recipe ends in {_SUFFIX}: rename {path}"
    files = [str(other) for other in _recipes_in(path.parent)]
    near = _nearest(name, [*built_in, *files])
    return f"; did you mean {near!r}?" if near else did_you_mean(name, built_in)


def near_file(name: str, built_in: Iterable[str]) -> str:
    """A hint for a file of a recipe that is not there: the built-in recipe of that name, or the nearest file."""
    path = Path(name)
    if path.stem in built_in:
        return f"; {path.stem} is built in: --recipe {path.stem}"
    near = _nearest(name, [str(other) for other in _recipes_in(path.parent)])
    return f"; did you mean {near!r}?" if near else ""


def check_setting(key: str, recipe: MachineRecipe) -> None:
    """Raise UsageError, with the setting most likely meant, unless a key is ``table.key`` of a table that there is."""
    table, _, field = key.partition(".")
    if table not in (*TABLES, "ensemble") or not field:
        raise UsageError(
            f"a setting is table.key=value, such as encoder.r=0.98, got {key!r}"
            f"{near_setting(key, recipe)}; tables: {', '.join(TABLES)}"
        )


def check_override(machine_type: str, key: str) -> None:
    """Raise UsageError unless ``[machine.<machine_type>]`` may have this ``table.key``."""
    table, _, field = key.partition(".")
    if table not in TABLES or not field:
        raise UsageError(f"[machine.{machine_type}] has no key {key!r}: write table.key, such as encoder.r")
    if table in OF_NIGHTS:
        raise UsageError(f"[machine.{machine_type}] {key}: alarms are counted over the fleet; set [{table}] alone")


def near_setting(key: str, recipe: MachineRecipe) -> str:
    """A hint for a setting whose table is not named, or not right."""
    table, dot, field = key.partition(".")
    if table == "machine":
        return "; overrides for one machine type stand in a recipe's file, as [machine.TYPE]"
    if not dot:
        homes = [f"{one}.{key}" for one in TABLES if key in _keys(one, recipe)]
        return f"; did you mean {' or '.join(homes)}?" if homes else ""
    near = _nearest(table, TABLES)
    return f"; did you mean '{near}.{field}'?" if near and field else ""


def _keys(table: str, recipe: MachineRecipe) -> Iterable[str]:
    config = getattr(recipe, table)
    if table in ("encoder", "detector"):
        return keys_of(table, config.kind) or ()
    return [field.name for field in dataclasses.fields(config)]


def _recipes_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
    except OSError:
        return []


def _nearest(word: str, known: Iterable[str]) -> str:
    """The nearest known word, whatever its capitals; "" where none is near."""
    folded = {other.casefold(): other for other in known}
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""
