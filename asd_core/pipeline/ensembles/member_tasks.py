"""Cutting the work of an ensemble: each member's embeddings, and tasks of whole machines for all members together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.build import embeddings_fingerprint, kind_of
from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Engine, Progress
from asd_core.pipeline.ensembles.same_clips import places_of
from asd_core.pipeline.machine_tasks import MachineTask
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS


@dataclass(frozen=True)
class EnsembleTask:
    """A group of machines to score with an ensemble.

    Attributes:
        task: the ensemble's: its clips, scorers and score files.
        members: member → its task for the same machines, without scorers: the ensemble's scorer names them.
    """

    task: MachineTask
    members: Mapping[str, MachineTask]


def clips_of_member(store: Store, member: Recipe, clips: pa.Table) -> pa.Table:
    """The clips as a member knows them, rows of CLIPS: those that it imported have ids of their own.

    A clip of which it has imported nothing is left out.
    """
    encoder = member.for_machine("").encoder
    if kind_of(encoder.kind).is_from_audio:
        return clips
    stored = store.embedded(embeddings_fingerprint(encoder)).select(CLIPS.names)
    return stored.take(pc.unique(places_of(clips, stored)).drop_null())


def embed_members(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress
) -> tuple[Embedded, dict[str, Embedded]]:
    """Embed the clips for every member of an ensemble.

    Returns:
        The clips with all that could not be read this time, for the ensemble itself; and each member's embeddings.
    """
    found: dict[str, Embedded] = {}
    for name, member in recipe.members.items():
        own = clips_of_member(store, member, clips)
        found[name] = embed(store, member.encoders_of(own), own, engine, progress)
    first = next(iter(found.values()))
    without_shard = clips.append_column("shard", pa.nulls(len(clips), pa.string()))
    transient: dict[str, tuple[str, str]] = {}
    for one in found.values():
        transient |= one.transient
    errors = max((one.errors_by_reason for one in found.values()), key=Counter.total)
    decoded, seconds = (sum(getattr(one, name) for one in found.values()) for name in ("decoded", "seconds"))
    return Embedded(without_shard, first.fingerprints, transient, errors, decoded, seconds), found


def with_members(tasks: Sequence[MachineTask], recipe: Recipe, embedded: Mapping[str, Embedded]) -> list[EnsembleTask]:
    """The tasks of an ensemble, each with its members' tasks for the same machines."""
    clips = {name: _by_task(tasks, one.clips) for name, one in embedded.items()}
    return [
        EnsembleTask(
            task,
            {
                name: _member_task(task, member, embedded[name], clips[name][number])
                for name, member in recipe.members.items()
            },
        )
        for number, task in enumerate(tasks)
    ]


def _by_task(tasks: Sequence[MachineTask], clips: pa.Table) -> list[pa.Table]:
    """The clips of a member that belong to each task, sorted by machine; all tasks' clips are looked up at once."""
    if not tasks:
        return []
    places = places_of(pa.concat_tables([task.clips for task in tasks]), clips)
    found, start = [], 0
    for task in tasks:
        own = clips.take(places.slice(start, len(task.clips)).drop_null())
        found.append(own.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "date", "uri")]))
        start += len(task.clips)
    return found


def _member_task(task: MachineTask, member: Recipe, embedded: Embedded, clips: pa.Table) -> MachineTask:
    ids = clips["clip_id"].to_pylist()
    return MachineTask(
        task.store_url,
        (member.name, member.settings),
        member.key(),
        embedded.fingerprints,
        clips,
        {},
        {name: embedded.transient[name] for name in ids if name in embedded.transient},
        task.run_id,
        task.part,
    )
