"""An ensemble from the KEYs of recipes that a store holds."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from asd_core.errors import UsageError, did_you_mean
from asd_core.recipe.recipe import Recipe
from asd_core.runs.other_recipes import HeldRecipe, held_recipes
from asd_core.store.store import Store


def new_ensemble(
    store: Store, name: str, members: Mapping[str, str], weights: Mapping[str, float], rule: str
) -> Recipe:
    """The recipe of an ensemble.

    Args:
        store: that holds its members' scorers.
        name: of the ensemble.
        members: name → KEY of a recipe, or its name where the store holds one KEY of that name.
        weights: member → weight; 1 for others.
        rule: ``z``, ``robust`` or ``rank``.

    Raises:
        UsageError: a KEY that the store does not hold, a weight of no member, one member only, or weights that cannot
            be.
    """
    held = held_recipes(store)
    if not held:
        raise UsageError(f"the store {store.files.address('')} holds no scorers yet: run asd fit or asd import-scores")
    for member in weights:
        if member not in members:
            raise UsageError(f"--weight {member}=...: there is no such member{did_you_mean(member, members)}")
    tables = {}
    for member, reference in members.items():
        table = _table(_held(held, member, reference), member)
        tables[member] = table | ({"weight": float(weights[member])} if member in weights else {})
    return Recipe(name, {"ensemble": {"rule": rule, "members": tables}})


def _held(held: list[HeldRecipe], member: str, reference: str) -> HeldRecipe:
    """The recipe that a KEY names, or the name of a recipe of which there is one KEY."""
    found = [one for one in held if one.key == reference]
    found = found or [one for one in held if one.key.rpartition("-")[0] == reference]
    if len(found) == 1:
        return found[0]
    if found:
        keys = ", ".join(one.key for one in found)
        raise UsageError(f"{member}={reference}: the store holds several KEYs of that name: {keys}; name one of them")
    raise UsageError(f"{member}={reference}: the store holds no scorers of such a KEY{_near(reference, held)}")


def _near(reference: str, held: list[HeldRecipe]) -> str:
    """The nearest KEY; of one with other digits, that of the nearest name."""
    keys = {one.key.rpartition("-")[0]: one.key for one in reversed(held)}
    near = difflib.get_close_matches(reference.rpartition("-")[0], keys, n=1, cutoff=0.6)
    return f"; did you mean {keys[near[0]]!r}?" if near else did_you_mean(reference, [one.key for one in held])


def _table(held: HeldRecipe, member: str) -> dict[str, Any]:
    if held.recipe is None:
        raise UsageError(f"{member}={held.key}: it is no recipe of this version; fit it again")
    if held.recipe.ensemble is not None:
        raise UsageError(f"{member}={held.key} is an ensemble itself: name its members instead")
    table: dict[str, Any] = {"recipe": held.recipe.name, "settings": held.recipe.settings}
    return table if held.recipe.key() == held.key else table | {"key": held.key}
