"""Scores of the nights that scorers of before learnt, computed from stored embeddings.

Nothing is decoded, and the scorers stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import Embedded, located
from asd_core.pipeline.embedded_rows import machines_of
from asd_core.pipeline.fitted_nights import keep_nights
from asd_core.pipeline.machine_tasks import MachineTask, machine_tasks
from asd_core.pipeline.reducer import MachineGroup
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import Recipe
from asd_core.store.broken_files import table_in
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, rows_of


def lacking_tasks(store: Store, recipe: Recipe, versions: Mapping[str, str], workers: int) -> list[MachineTask]:
    """The work of computing the nights of scorers; one whose training clips are not known any more is left out.

    Args:
        store: where scorers and embeddings are.
        recipe: of the scorers, which is no ensemble.
        versions: scorer folder → version, of scorers whose nights were never computed.
        workers: how many tasks are worked on at once.
    """
    clips = learnt_clips(store, recipe.key(), versions)
    kinds = pc.unique(clips["machine_type"]).to_pylist()
    fingerprints = {kind: recipe.fingerprint(kind) for kind in kinds}
    dates = pc.unique(clips["date"]).to_pylist()
    tables = [CLIPS.empty_table().append_column("shard", pa.nulls(0, pa.string()))]
    for fingerprint in sorted(set(fingerprints.values())):
        own = pa.array([kind for kind in kinds if fingerprints[kind] == fingerprint], pa.string())
        rows = clips.filter(pc.is_in(clips["machine_type"], value_set=own))
        tables.append(located(rows, store.embedded(fingerprint, dates)).drop_columns("error_reason"))
    embedded = Embedded(pa.concat_tables(tables), fingerprints)
    return machine_tasks(store, recipe, recipe.key(), embedded, versions, "", workers) if len(clips) else []


def keep_lacking_nights(task: MachineTask) -> int:
    """Compute and keep the nights of the scorers of a group of machines; returns how many machines there are."""
    group, machines = MachineGroup(task), machines_of(task.clips)
    with one_thread():
        for machine in machines:
            _keep(group, *machine)
    return len(machines)


def _keep(group: MachineGroup, machine_type: str, machine_id: str, clips: pa.Table) -> None:
    try:
        found = group.scorer(machine_type, machine_id)
    except AsdError:  # of other embeddings, or changed since: whoever scores with it is told
        return
    if found is None:
        return
    scorer, version = found
    good = group.rows(machine_type, clips)
    good = good.filter(pc.and_(pc.is_null(good["error_reason"]), pc.is_in(good["uri"], pa.array(set(scorer.uris)))))
    good = good.take(_in_order(good, scorer.uris))
    keep_nights(group.store, scorer_folder(group.task.key, machine_type, machine_id), version, scorer, good)


def _in_order(rows: pa.Table, uris: Sequence[str]) -> pa.Array:
    """The places of rows in the order of addresses; of an address with several rows these follow one another."""
    rank = {uri: place for place, uri in enumerate(dict.fromkeys(uris))}
    return pa.array(np.argsort([rank[uri] for uri in rows["uri"].to_pylist()], kind="stable"))


def learnt_clips(store: Store, key: str, versions: Mapping[str, str]) -> pa.Table:
    """Rows of CLIPS of the machines of scorers, from the manifest of the last fit that gave each of these versions."""
    left, found = dict(versions), [CLIPS.empty_table()]
    for entry in reversed(store.entries(("fit",), key)):
        record = store.record(entry)
        own = {folder for folder, version in record.get("scorers", {}).items() if left.get(folder) == version}
        if own and record.get("clips") and store.files.exists(record["clips"]):
            clips = table_in(record["clips"], store.files.read(record["clips"]), CLIPS)
            found.append(_of_machines(clips, key, own))
            left = {folder: version for folder, version in left.items() if folder not in own}
        if not left:
            break
    return pa.concat_tables(found)


def _of_machines(clips: pa.Table, key: str, folders: Collection[str]) -> pa.Table:
    """The clips of the machines of scorer folders."""
    machines = set(rows_of(clips.group_by(["machine_type", "machine_id"]).aggregate([]), "machine_type", "machine_id"))
    wanted = {machine for machine in machines if scorer_folder(key, *machine) in folders}
    keep = [machine in wanted for machine in rows_of(clips, "machine_type", "machine_id")]
    return clips.filter(pa.array(keep, pa.bool_()))
