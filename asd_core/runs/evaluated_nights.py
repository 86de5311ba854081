"""The alarms of labelled nights, decided in memory: an evaluation publishes no night."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNDATED
from asd_core.evaluation.evaluate import Evaluation
from asd_core.evaluation.night_figures import night_figures
from asd_core.pipeline.decided_nights import GATHERED, decide
from asd_core.pipeline.engine import Engine, LocalEngine, Progress, no_progress
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.pipeline.night_evidence import SCORES_READ, learnt_fleet, night_evidence
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.recipe.recipe import Recipe
from asd_core.runs.learnt_nights import learnt_nights
from asd_core.store.store import Store
from asd_core.store.tables import rows_of


def with_nights(
    evaluation: Evaluation,
    store: Store,
    recipe: Recipe,
    scores: pa.Table,
    engine: Engine | None = None,
    progress: Progress = no_progress,
) -> Evaluation:
    """An evaluation with the figures of machines by night, where clips have dates.

    Args:
        evaluation: of the scores.
        store: where the scorers are.
        recipe: whose ``[alarm]`` decides.
        scores: rows of SCORES; those of split ``train`` are left out.
        engine: where nights are computed that scorers of before lack; None for this process.
        progress: told (stage, done, total).

    Raises:
        AsdError: what a scorer learnt cannot be read.
    """
    is_told = pc.and_(pc.not_equal(scores["date"], UNDATED), pc.not_equal(scores["split"], "train"))
    rows = scores.filter(is_told)
    if not pc.any(pc.is_in(rows["condition"], value_set=pa.array(["normal", "anomalous"]))).as_py():
        return evaluation
    config = recipe.for_machine("").alarm
    alarms = _alarms(store, recipe, rows, engine or LocalEngine(), progress)
    return replace(evaluation, nights=night_figures(rows, alarms, config.false_alarms))


def _alarms(store: Store, recipe: Recipe, rows: pa.Table, engine: Engine, progress: Progress) -> dict[str, pa.Table]:
    """Date → rows of ALARMS of the nights of scores, all of them judged by the scorers that scored them."""
    key = recipe.key()
    used = rows.group_by(["machine_type", "machine_id", "scorer_version"]).aggregate([])
    told = rows_of(used, "machine_type", "machine_id", "scorer_version")
    own = {scorer_folder(key, kind, name): version for kind, name, version in told if version is not None}
    versions = newest_versions(store, key) | own
    fleet = learnt_fleet(learnt_nights(store, recipe, versions, engine, progress), versions)
    nights, evidence = GatheredNights(GATHERED), dict[str, pa.Table]()
    for date in sorted(pc.unique(rows["date"]).to_pylist()):
        scored = rows.filter(pc.equal(rows["date"], date)).select(SCORES_READ)
        evidence[date] = night_evidence(fleet, key, date, scored)
        nights.add(date, evidence[date])
    decided = decide(fleet, key, nights, recipe.for_machine("").alarm)
    return {date: decided.rows(key, place, table) for place, (date, table) in enumerate(evidence.items())}
