"""From a finished search to what is published of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.recipe import Recipe
from asd_core.store import Store
from asd_core.tuning.chosen import choices, recipe_files, search_facts, search_warnings
from asd_core.tuning.machine_data import MachineData
from asd_core.tuning.objectives import FIGURES, objective_values
from asd_core.tuning.order import Order
from asd_core.tuning.outcome import Certainty, MachineOutcome, ScopeOutcome
from asd_core.tuning.page import SearchReport, write_search_page
from asd_core.tuning.results import search_folder, write_choices
from asd_core.tuning.search import ScopeResults


def scope_outcomes(
    results: Sequence[ScopeResults],
    machines: Sequence[MachineData],
    found: Sequence[Mapping[int, Certainty]],
    order: Order,
) -> list[ScopeOutcome]:
    """What a finished search came to, scope by scope."""
    return [
        ScopeOutcome(
            one.scope.name,
            order.space.dimensions,
            one.settings,
            np.array(one.objectives),
            [_machine_outcome(machines[place], one.figures[place], order.objective) for place in one.scope.machines],
            certainty,
            one.errors,
        )
        for one, certainty in zip(results, found, strict=True)
    ]


def publish(
    store: Store,
    recipe: Recipe,
    record: Mapping[str, Any],
    scopes: Sequence[ScopeOutcome],
    names: Sequence[Sequence[str]],
    unusable: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """Write what a search came to: its table, its recipes and its page.

    Args:
        store: where.
        recipe: that was searched from.
        record: of the run so far.
        scopes: what it came to.
        names: of each scope's settings, their ids on its first machine.
        unusable: (address, why) of clips that were left out, or of some of them.

    Returns:
        What the record says of these files.
    """
    folder = search_folder(record["run_id"])
    path, checksum = write_choices(store, record["run_id"], choices(scopes, names))
    facts = search_facts(record, scopes)
    warnings = search_warnings(record, scopes)
    remarks = [f"Recipe {recipe.name} with settings chosen by asd tune.", *(f"{k}: {v}" for k, v in facts), *warnings]
    recipes = recipe_files(recipe, scopes, record["order"]["per"], [*remarks, ""])
    for name, text in recipes.items():
        store.files.write(f"{folder}/{name}", text.encode())
    report = SearchReport(
        recipe.name,
        record["order"]["objective"],
        facts,
        scopes,
        list(record["left_out"].items()),
        unusable,
        warnings,
        recipes,
    )
    page = write_search_page(report, store.files, folder)
    return {"choices": {path: checksum}, "page": page, "recipes": [f"{folder}/{name}" for name in recipes]}


def _machine_outcome(machine: MachineData, figures: NDArray[np.float64], objective: str) -> MachineOutcome:
    anomalous = int(machine.is_anomalous.sum())
    return MachineOutcome(
        machine.machine_type,
        machine.machine_id,
        len(machine.normal_domains),
        len(machine.is_anomalous) - anomalous,
        anomalous,
        machine.auc_level_only,
        figures[:, FIGURES.index("auc")],
        figures[:, FIGURES.index("pauc")],
        objective_values(objective, [machine.machine_type], figures[None]),
    )
