"""The part of a fit that is for new machines: scorers of machine types, which they borrow until they have their own."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from asd_core.detectors.imported_scores import ImportedScoresConfig
from asd_core.pipeline.embed_missing import Embedded
from asd_core.pipeline.engine import Engine, Progress, tracked
from asd_core.pipeline.fit_types import TypeOutcome, fit_type
from asd_core.pipeline.lenders import OWN_NIGHTS, lending
from asd_core.pipeline.machine_tasks import FitOutcome, MachineTask
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

Machine = tuple[str, str]


def fit_types(
    store: Store, recipe: Recipe, embedded: Embedded, engine: Engine, progress: Progress
) -> tuple[list[TypeOutcome], dict[Machine, int]]:
    """Fit the scorer of every machine type that has enough machines, one task a type.

    Args:
        store: where they go.
        recipe: whose.
        embedded: the normal clips of a fit.
        engine: where the work is done.
        progress: called with (stage, done, total).

    Returns:
        What became of each type, and the new machines of those that lend, which get no scorer of their own: machine →
        its normal nights so far.
    """
    found = lending(embedded.clips)
    pools = {kind: pool for kind, pool in found.pools.items() if _lends(recipe, kind)}
    tasks = [
        MachineTask(
            store.files.url,
            (recipe.name, recipe.settings),
            recipe.key(),
            embedded.fingerprints,
            pool,
            {},
            {name: embedded.transient[name] for name in pool["clip_id"].to_pylist() if name in embedded.transient},
        )
        for _, pool in sorted(pools.items())
    ]
    outcomes = list(tracked(engine.map(fit_type, tasks), "fitting machine types", len(tasks), progress))
    lent = {outcome.machine_type for outcome in outcomes if outcome.version}
    return outcomes, {machine: count for machine, count in sorted(found.nights.items()) if machine[0] in lent}


def _lends(recipe: Recipe, machine_type: str) -> bool:
    """False for scores made elsewhere, and for a trained head, which has learnt single machines."""
    machine = recipe.for_machine(machine_type)
    return machine.detector.kind != ImportedScoresConfig.kind and machine.embedding.transform != "head"


def without_machines(clips: pa.Table, machines: Collection[Machine]) -> pa.Table:
    """The clips of all other machines."""
    if not machines:
        return clips
    is_kept = [machine not in machines for machine in rows_of(clips, "machine_type", "machine_id")]
    return clips.filter(pa.array(is_kept, pa.bool_()))


def new_machine(machine_type: str, machine_id: str, nights: int) -> FitOutcome:
    """The outcome of a fit for a machine that waits for nights of its own."""
    of_own = f"{nights} normal night{'s' * (nights != 1)} of its own so far, {OWN_NIGHTS} are needed"
    return FitOutcome(machine_type, machine_id, 0, notes=(f"judged by the {machine_type} bank: {of_own}",))
