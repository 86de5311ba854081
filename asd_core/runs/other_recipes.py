"""The recipes that a store holds beside the one that is asked for: what a user meant, more often than not."""

from __future__ import annotations

from dataclasses import dataclass

from asd_core.errors import AsdError
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.pipeline.stored_keys import newest_fits, recipe_of
from asd_core.recipe.fields import differences, settings_towards
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store

_NAMED = 3  # keys that one line tells


@dataclass(frozen=True)
class HeldRecipe:
    """A recipe of which a store holds scorers.

    Attributes:
        key: under which it does.
        recipe: as its last fit had it; None where it is no recipe any more.
        machines: with a scorer.
        fitted_at: ISO time of its last fit.
    """

    key: str
    recipe: Recipe | None
    machines: int
    fitted_at: str


def held_recipes(store: Store) -> list[HeldRecipe]:
    """The recipes of which a store holds scorers, the last fitted first."""
    found = []
    for entry in newest_fits(store):
        if machines := len(newest_versions(store, entry.key)):
            found.append(HeldRecipe(entry.key, recipe_of(store.record(entry)), machines, entry.committed_at))
    return found


def held_instead(store: Store, recipe: Recipe) -> str:
    """The recipes of which a store holds scorers, told by what they have otherwise than this one; "" for none."""
    others = [held for held in held_recipes(store) if held.key != recipe.key()]
    others.sort(key=lambda held: held.key.rpartition("-")[0] != recipe.name)  # edited ones of its name first
    if not others:
        return ""
    told = [f"{held.key} ({difference_from(recipe, held.recipe)})" for held in others[:_NAMED]]
    more = f" and {len(others) - _NAMED} more" * (len(others) > _NAMED)
    return f"the store has scorers of {', '.join(told)}{more}"


def difference_from(recipe: Recipe, other: Recipe | None) -> str:
    """How another recipe differs from this one, in a few words."""
    if other is None:
        return "no recipe of this version"
    if other.ensemble is not None:
        return f"an ensemble of {', '.join(other.ensemble.members)}"
    try:
        told = differences(other, recipe)
    except AsdError:  # a class of one's own that is not here
        return "its settings cannot be read here"
    if not told:
        return "the same settings" if other.name != recipe.name else "the same settings, on other embeddings"
    line = f"its recipe has {', '.join(told[:_NAMED])}" + ", ..." * (len(told) > _NAMED)
    settings = settings_towards(recipe, other) if other.name == recipe.name and len(told) <= _NAMED else []
    taken_by = " ".join(f"--set {setting}" for setting in settings)
    return line + f"; {taken_by} takes it" * bool(taken_by)
