"""Combining the scorers of members, machine by machine: what the fit of an ensemble adds to its members' fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asd_core.errors import AsdError
from asd_core.pipeline.ensembles.combined_files import combine_machine, keep_combined_nights, load_members
from asd_core.pipeline.machine_tasks import FitOutcome
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_heads, newest_versions
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store, open_store

_AT_ONCE = 64  # machines of a task
_NAMED = 3

Machine = tuple[str, str]


@dataclass(frozen=True)
class CombineTask:
    """Machines whose combined scorers are to be made.

    Attributes:
        store_url: where scorers lie.
        recipe: name and settings of the ensemble.
        machines: (machine type, machine id) → member → version of its scorer.
    """

    store_url: str
    recipe: tuple[str, Mapping[str, Any]]
    machines: Mapping[Machine, Mapping[str, str]]


def combine_tasks(store: Store, recipe: Recipe) -> list[CombineTask]:
    """The work of combining the newest scorers of an ensemble's members, for every machine that a member has.

    Raises:
        AsdError: the members share no machine.
    """
    versions: dict[Machine, dict[str, str]] = {}
    own: dict[str, set[Machine]] = {}
    for name, member in recipe.members.items():
        own[name] = set()
        for version, head in newest_heads(store, member.key()).values():
            machine = (head["machine_type"], head["machine_id"])
            own[name].add(machine)
            versions.setdefault(machine, {})[name] = version
    if not set.intersection(*own.values()):
        told = "; ".join(f"{name} has {_named(machines)}" for name, machines in own.items())
        raise AsdError(f"the members of {recipe.name} share no machine: {told}; fit them on the same machines")
    machines = sorted(versions.items())
    cuts = [dict(machines[start : start + _AT_ONCE]) for start in range(0, len(machines), _AT_ONCE)]
    return [CombineTask(store.files.url, (recipe.name, recipe.settings), cut) for cut in cuts]


def combine_machines(task: CombineTask) -> list[FitOutcome]:
    """Make and commit the combined scorers of machines; one that cannot be combined stops no other."""
    store, recipe = open_store(task.store_url), Recipe(*task.recipe)
    with one_thread():
        return [_outcome(store, recipe, machine, versions) for machine, versions in task.machines.items()]


def _outcome(store: Store, recipe: Recipe, machine: Machine, versions: Mapping[str, str]) -> FitOutcome:
    try:
        scorer, version, is_new = combine_machine(store, recipe, *machine, versions)
    except AsdError as error:
        return FitOutcome(*machine, 0, error=str(error))
    return FitOutcome(
        *machine, len(scorer.names), version, is_new, scorer.threshold, scorer.false_alarm_rate, scorer.notes
    )


def keep_lacking_combined(task: CombineTask) -> int:
    """Keep the nights that the newest combined scorers of machines learnt; returns how many machines there are.

    The task names the members' versions that those scorers were made from.
    """
    store, recipe = open_store(task.store_url), Recipe(*task.recipe)
    newest = newest_versions(store, recipe.key())
    for machine, versions in task.machines.items():
        folder = scorer_folder(recipe.key(), *machine)
        if folder in newest:
            members = load_members(store, recipe, *machine, versions)
            keep_combined_nights(store, recipe, *machine, newest[folder], members)
    return len(task.machines)


def fitted_since(store: Store, recipe: Recipe) -> list[str]:
    """A note for each member of an ensemble that has newer scorers than those that the ensemble scores with."""
    heads = [head for _, head in newest_heads(store, recipe.key()).values()]
    notes = []
    for name, member in recipe.members.items():
        key = member.key()
        newest = newest_versions(store, key)
        folders = [scorer_folder(key, head["machine_type"], head["machine_id"]) for head in heads]
        used = [head["members"][name][1] for head in heads]
        if stale := sum(newest.get(folder, own) != own for folder, own in zip(folders, used, strict=True)):
            notes.append(
                f"member {name} was fitted again since: {stale} of {len(heads)} machines score with former scorers; "
                f"the same asd ensemble takes the new ones, or asd fit with --recipe {recipe.name}"
            )
    return notes


def _named(machines: set[Machine]) -> str:
    shown = ", ".join(" ".join(machine) for machine in sorted(machines)[:_NAMED])
    return f"{shown}{', ...' * (len(machines) > _NAMED)}" if machines else "no scorer"
