"""``asd recipes``."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from jobs.console import Talk
from jobs.job import with_talk
from jobs.opened import changes_of, open_recipe, open_store_of
from jobs.options import DEFAULT_RECIPE, STORE_VARIABLE, settings_option

if TYPE_CHECKING:
    from asd_core.recipe.recipe import Recipe
    from asd_core.runs.other_recipes import HeldRecipe
    from asd_core.store.store import Store


@click.command("recipes")
@click.argument("name", required=False)
@settings_option
@click.option(
    "--store",
    "store_url",
    envvar=STORE_VARIABLE,
    show_envvar=True,
    metavar="FOLDER",
    help="Tell also the recipes of which this store holds scorers.",
)
@click.option("--out", metavar="RECIPE.toml", help="Write the recipe here too.")
@with_talk
def command(talk: Talk, name: str | None, settings: tuple[str, ...], store_url: str | None, out: str | None) -> None:
    """List the recipes, or show one with every field: its value, whether it is set or a default, and what it means.

    NAME is a built-in recipe, the path of a .toml file, or the key or name of a recipe that the store holds. What is
    printed is TOML; written to a file by --out it is a recipe of your own.

    \b
    Example:
      asd recipes
      asd recipes twfr-knn --set detector.k=8 --out mine.toml
    """
    _check_out(name, out)
    store = None if store_url is None else open_store_of(store_url)
    if name is None:
        _list(talk, store)
        return
    from asd_core.recipe.fields import fields_of
    from asd_core.recipe.full_text import full_text

    recipe, about = _named(name, settings, store)
    how = "Saved as a .toml file this is a recipe of your own: --recipe takes its path."
    fields = [asdict(field) for field in fields_of(recipe)]
    summary = {"name": recipe.name, "about": about, "fields": fields, "machine": recipe.settings.get("machine", {})}
    text = full_text(recipe, "\n".join(filter(None, [f"{recipe.name}: {about}", how])))
    talk.result(summary, text.rstrip("\n"))
    if out is not None:
        Path(out).write_text(text, encoding="utf-8")
        talk.say(f"wrote {out}")


def _check_out(name: str | None, out: str | None) -> None:
    """Refuse to write no recipe, over a file, or where no recipe is looked for."""
    if out is None:
        return
    if name is None:
        raise UsageError(f"--out {out}: name the recipe to write, such as asd recipes twfr-knn --out {out}")
    if not out.endswith(".toml") or Path(out).exists():
        why = "is there already: name another file" if Path(out).exists() else "name a .toml file, which --recipe takes"
        raise UsageError(f"--out {out}: {why}")


def _named(name: str, settings: tuple[str, ...], store: Store | None) -> tuple[Recipe, str]:
    """The recipe of that name, path or key, and what it says of itself."""
    from asd_core.recipe.full_text import about
    from asd_core.recipe.names import built_in_recipes
    from asd_core.runs.named_recipes import named_recipe
    from asd_core.runs.other_recipes import held_recipes
    from asd_core.text_files import read_text

    for held in [] if store is None else held_recipes(store):
        if held.key == name and held.recipe is not None:
            return held.recipe, f"as the store holds it under {held.key}."
    if store is not None and (kept := named_recipe(store, name)) is not None:
        return kept.with_settings(changes_of(settings)), f"as the store keeps it, {kept.key()}."
    recipe = open_recipe(name, settings)
    text = built_in_recipes().get(name) or read_text(name, f"the recipe {name}")
    return recipe, about(text)


def _list(talk: Talk, store: Store | None) -> None:
    from asd_core.recipe.full_text import about
    from asd_core.recipe.names import built_in_recipes
    from asd_core.runs.other_recipes import held_recipes

    texts = {name: " ".join(about(text).split()) for name, text in built_in_recipes().items()}
    told = {name: re.split(r"(?<=[^q]\.) (?=[A-Za-z])", text)[0] for name, text in texts.items()}  # the first sentence
    held = [] if store is None else [_held(one) for one in held_recipes(store)]
    width = max(map(len, [*told, *(one["key"] for one in held)]))
    lines = [f"{name:{width}}  {line}{' (the default)' * (name == DEFAULT_RECIPE)}" for name, line in told.items()]
    if store is not None:
        lines += ["", f"in the store, with scorers ({len(held)}):"]
        lines += [f"{one['key']:{width}}  {one['machines']} machines, {one['differs']}" for one in held]
    lines += ["", "asd recipes NAME shows one with every field."]
    talk.result({"recipes": told, "stored": held}, "\n".join(lines))


def _held(held: HeldRecipe) -> dict[str, Any]:
    """A recipe that a store holds, by what it has otherwise than the built-in recipe of its name."""
    from asd_core.recipe.fields import scorer_fields
    from asd_core.recipe.names import built_in_recipes
    from asd_core.recipe.recipe import load_recipe
    from asd_core.runs.other_recipes import difference_from

    name = held.key.rpartition("-")[0]
    if held.recipe is not None and held.recipe.ensemble is not None:
        differs = f"an ensemble of {', '.join(held.recipe.members)}"
    elif name not in built_in_recipes():
        differs = "a recipe of your own"
    elif held.recipe is not None and scorer_fields(held.recipe) == scorer_fields(load_recipe(name)):
        differs = "as it is built in"
    else:
        differs = difference_from(load_recipe(name), held.recipe)
    return {"key": held.key, "machines": held.machines, "fitted_at": held.fitted_at, "differs": differs}
