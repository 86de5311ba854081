"""The learnt nights of a recipe's scorers, those of scorers of before computed first."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from asd_core.pipeline.engine import Engine, Progress, no_progress, tracked
from asd_core.pipeline.ensembles.combine_tasks import CombineTask, keep_lacking_combined
from asd_core.pipeline.fitted_nights import fitted_nights
from asd_core.pipeline.lacking_nights import keep_lacking_nights, lacking_tasks
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_heads
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store

_AT_ONCE = 64  # machines of a task
_STAGE = "leaving out learnt nights"


def learnt_nights(
    store: Store, recipe: Recipe, versions: Mapping[str, str], engine: Engine, progress: Progress = no_progress
) -> pa.Table:
    """Rows of FITTED_NIGHTS of scorers. Nothing is decoded or fitted for them, and no scorer changes.

    Args:
        store: where scorers and embeddings are.
        recipe: of the scorers.
        versions: scorer folder → version.
        engine: where nights are computed that scorers of before lack.
        progress: told (stage, done, total).
    """
    found, lacking = fitted_nights(store, recipe.key(), versions)
    if not lacking:
        return found
    if recipe.ensemble is None:
        _keep_lacking(store, recipe, lacking, engine, progress)
    else:
        _keep_lacking_combined(store, recipe, lacking, engine, progress)
    return fitted_nights(store, recipe.key(), versions)[0]


def _keep_lacking(
    store: Store, recipe: Recipe, versions: Mapping[str, str], engine: Engine, progress: Progress
) -> None:
    tasks = lacking_tasks(store, recipe, versions, engine.workers)
    for _ in tracked(engine.map(keep_lacking_nights, tasks), _STAGE, len(tasks), progress):
        pass


def _keep_lacking_combined(
    store: Store, recipe: Recipe, versions: Mapping[str, str], engine: Engine, progress: Progress
) -> None:
    """Compute the nights of the members first, then of the ensemble, where its newest scorers lack them."""
    heads = newest_heads(store, recipe.key())
    combined = [heads[folder][1] for folder, version in versions.items() if heads.get(folder, ("",))[0] == version]
    members = {
        (head["machine_type"], head["machine_id"]): {name: version for name, (_, version) in head["members"].items()}
        for head in combined
    }
    for name, member in recipe.members.items():
        own = {scorer_folder(member.key(), *machine): made_from[name] for machine, made_from in members.items()}
        _, lacking = fitted_nights(store, member.key(), own)
        _keep_lacking(store, member, lacking, engine, progress)
    machines = sorted(members.items())
    cuts = [dict(machines[start : start + _AT_ONCE]) for start in range(0, len(machines), _AT_ONCE)]
    tasks = [CombineTask(store.files.url, (recipe.name, recipe.settings), cut) for cut in cuts]
    for _ in tracked(engine.map(keep_lacking_combined, tasks), _STAGE, len(tasks), progress):
        pass
