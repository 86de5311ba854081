"""The r that a finished search chose for each machine type, and the figures of any r on the clips of a search."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.evaluation.first_shot_figures import Figures
from asd_core.evaluation.objectives import FIGURES
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet
from asd_core.tuning.stored_results import code_version, read_known, setting_ids

FIELD = "encoder.r"


def chosen_r(store: Store, record: Mapping[str, Any], highest: float = math.inf) -> dict[str, float]:
    """Machine type → the best r of a search over r alone, for each machine type that could be judged.

    Args:
        store: that the search is kept in.
        record: of the search.
        highest: r above it are left out, as if the range that was searched ended there.

    Raises:
        AsdError: the table of the search is gone or broken.
    """
    ((path, checksum),) = record["choices"].items()
    if not store.files.exists(path) or content_hash(data := store.files.read(path)) != checksum:
        raise AsdError(f"{path} in the store is gone or broken: remove runs/{record['run_id']}.json and search again")
    found: dict[str, float] = {}
    for row in from_parquet(data).sort_by([("scope", "ascending"), ("place", "ascending")]).to_pylist():
        r = json.loads(row["setting"])[FIELD]
        if row["objective"] is not None and r <= highest:
            found.setdefault(row["scope"], r)
    return found


def figures_at(
    store: Store, recipe: Recipe, record: Mapping[str, Any], r: Mapping[str, float]
) -> dict[tuple[str, str], Figures]:
    """(machine type, machine id) → FIGURES of one r a machine type, on the clips of a search that tried it.

    Machines whose type has no r, or whose figures are not known, are left out.

    Args:
        store: that the search is kept in.
        recipe: that was searched from.
        record: of the search.
        r: machine type → r.
    """
    found: dict[tuple[str, str], Figures] = {}
    for machine_type, machine_id, data in record["data"]:
        if machine_type not in r:
            continue
        ids = setting_ids(recipe, [{FIELD: r[machine_type]}], code_version(), machine_type)
        _, figures, errors = read_known(store, data).of(ids)
        if not errors and not math.isnan(figures[0, 0]):
            found[machine_type, machine_id] = dict(zip(FIGURES, figures[0].tolist(), strict=True))
    return found
