"""The best settings of each scope compared with the very best, from the clip ranks that the store keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asd_core.evaluation.bootstrap import JudgedClips, compare
from asd_core.store.store import open_store
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.outcome import Certainty, best_first
from asd_core.tuning.search import ScopeResults
from asd_core.tuning.stored_results import read_ranks

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

COMPARED = 200  # best settings of a scope that are compared
_PART = 50  # settings in one task
_HERE = 500  # settings x machines that this process compares before other workers would have started


@dataclass(frozen=True)
class ComparisonTask:
    """Some settings of a scope, to be compared with its best.

    Attributes:
        store_url: the store that holds the settings' ranks.
        scope: index of the scope.
        places: (S,) indices of the settings, the best first.
        machines: of the scope.
        setting_ids: (machines, S) ids of the settings on each machine.
        objective: the objective to compare.
        seed: of the resampling.
    """

    store_url: str
    scope: int
    places: tuple[int, ...]
    machines: tuple[MachineData, ...]
    setting_ids: tuple[tuple[str, ...], ...]
    objective: str
    seed: int


def compare_best(
    store_url: str,
    results: Sequence[ScopeResults],
    machines: Sequence[MachineData],
    objective: str,
    seed: int,
    map_function: MapFunction = map,
) -> list[dict[int, Certainty]]:
    """Compare the best `COMPARED` settings of each scope.

    Args:
        store_url: the store that holds the search's rows.
        results: of every scope.
        machines: of the search.
        objective: of the search.
        seed: of the resampling.
        map_function: like the builtin; it may run the tasks elsewhere.

    Returns:
        For each scope: index of a setting → how sure it is that this setting is worse than the best.
    """
    found: list[dict[int, Certainty]] = [{} for _ in results]
    tasks = list(_tasks(store_url, results, machines, objective, seed))
    comparisons = sum(len(task.places) * len(task.machines) for task in tasks)
    for scope, part in (map_function if comparisons > _HERE else map)(compare_part, tasks):
        found[scope] |= part
    return found


def compare_part(task: ComparisonTask) -> tuple[int, dict[int, Certainty]]:
    """Compare some settings of a scope with its best; returns the scope's index and the comparisons."""
    store, judged = open_store(task.store_url), []
    for machine, ids in zip(task.machines, task.setting_ids, strict=True):
        ranks = read_ranks(store, machine.fingerprint, ids)
        labels = machine.is_anomalous, machine.domains, machine.recordings
        judged.append(JudgedClips(machine.machine_type, *labels, np.stack([ranks[name] for name in ids])))
    found = compare(judged, task.objective, seed=task.seed)
    columns = found.standard_error, found.behind_low, found.behind_high, ~found.indistinguishable
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return task.scope, {place: Certainty(*row) for place, row in zip(task.places, rows, strict=True)}


def _tasks(
    store_url: str, results: Sequence[ScopeResults], machines: Sequence[MachineData], objective: str, seed: int
) -> Iterator[ComparisonTask]:
    for number, scope in enumerate(results):
        ranked = best_first(scope.objectives, scope.changed).tolist()[:COMPARED]
        order = [place for place in ranked if np.isfinite(scope.objectives[place])]
        own = tuple(machines[place] for place in scope.scope.machines)
        for first in range(1, max(len(order), 2), _PART):
            places = tuple(order[:1] + order[first : first + _PART])
            ids = tuple(tuple(scope.setting_ids[machine.machine_type][place] for place in places) for machine in own)
            if places:
                yield ComparisonTask(store_url, number, places, own, ids, objective, seed)
