"""Publishing a finished search: its table, its recipes and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asd_core.pages.search.page import SearchReport, write_search_page
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.tuning.best_settings import choices, recipe_files, search_facts, search_warnings
from asd_core.tuning.outcome import ScopeOutcome
from asd_core.tuning.stored_results import search_folder, write_choices


def publish(
    store: Store,
    recipe: Recipe,
    record: Mapping[str, Any],
    scopes: Sequence[ScopeOutcome],
    setting_ids: Sequence[Sequence[str]],
    unusable: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Write a search's table, recipes and page into the store.

    Args:
        store: where.
        recipe: that was searched from.
        record: of the run so far.
        scopes: what it came to.
        setting_ids: of each scope, the settings' ids on its first machine.
        unusable: (address, why) of clips that were left out, or of some of them.

    Returns:
        What the record says of these files.
    """
    folder = search_folder(record["run_id"])
    path, checksum = write_choices(store, record["run_id"], choices(scopes, setting_ids))
    facts = search_facts(record, scopes)
    warnings = search_warnings(record, scopes)
    remarks = [f"Recipe {recipe.name} with settings chosen by asd tune.", *(f"{k}: {v}" for k, v in facts), *warnings]
    recipes = recipe_files(recipe, scopes, record["order"]["per"], [*remarks, ""])
    for name, text in recipes.items():
        store.files.write(f"{folder}/{name}", text.encode())
    objective, left_out = record["order"]["objective"], list(record["left_out"].items())
    report = SearchReport(recipe.name, objective, facts, scopes, left_out, unusable, warnings, recipes)
    page = write_search_page(report, store.files, folder)
    return {"choices": {path: checksum}, "page": page, "recipes": [f"{folder}/{name}" for name in recipes]}
