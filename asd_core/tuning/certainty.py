"""How sure a search's choice is: the best settings of a scope against each other, from what the store keeps of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from asd_core.evaluation.bootstrap import JudgedClips, compare
from asd_core.store.store import open_store
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.outcome import Certainty
from asd_core.tuning.results import read_ranks
from asd_core.tuning.search import ScopeResults

MapFunction = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

COMPARED = 200  # of the best settings of a scope
_PART = 50  # of them in one task
_HERE = 500  # settings x machines that are compared before workers elsewhere would have started


@dataclass(frozen=True)
class Comparing:
    """Some settings of a scope, to be compared with its best.

    Attributes:
        store_url: where their ranks are.
        scope: which, by its number.
        places: (S,) of the settings, that of the best first.
        machines: of the scope.
        names: (machines, S) ids of the settings on each.
        objective: what is compared.
        seed: of the resampling.
    """

    store_url: str
    scope: int
    places: tuple[int, ...]
    machines: tuple[MachineData, ...]
    names: tuple[tuple[str, ...], ...]
    objective: str
    seed: int


def certainties(
    store_url: str,
    results: Sequence[ScopeResults],
    machines: Sequence[MachineData],
    objective: str,
    seed: int,
    map_function: MapFunction = map,
) -> list[dict[int, Certainty]]:
    """For each scope: place of a setting → how sure it is, of the best `COMPARED`.

    Args:
        store_url: where the search has left its rows.
        results: of every scope.
        machines: of the search.
        objective: what was searched for.
        seed: of the resampling.
        map_function: like the builtin; where the work is done.
    """
    found: list[dict[int, Certainty]] = [{} for _ in results]
    parts = list(_parts(store_url, results, machines, objective, seed))
    work = sum(len(part.places) * len(part.machines) for part in parts)
    for scope, part in (map_function if work > _HERE else map)(compare_part, parts):
        found[scope] |= part
    return found


def compare_part(task: Comparing) -> tuple[int, dict[int, Certainty]]:
    """Compare some settings of a scope with its best."""
    store, judged = open_store(task.store_url), []
    for machine, names in zip(task.machines, task.names, strict=True):
        ranks = read_ranks(store, machine.fingerprint, names)
        scores = np.stack([ranks[name] for name in names])
        judged.append(
            JudgedClips(machine.machine_type, machine.is_anomalous, machine.domains, machine.recordings, scores)
        )
    told = compare(judged, task.objective, seed=task.seed)
    apart = ~told.indistinguishable
    return task.scope, {
        place: Certainty(
            float(told.standard_error[i]), float(told.behind_low[i]), float(told.behind_high[i]), bool(apart[i])
        )
        for i, place in enumerate(task.places)
    }


def _parts(
    store_url: str, results: Sequence[ScopeResults], machines: Sequence[MachineData], objective: str, seed: int
) -> Iterator[Comparing]:
    for number, scope in enumerate(results):
        values = np.where(np.isnan(scope.objectives), -math.inf, scope.objectives)
        order = [int(place) for place in np.argsort(-values, kind="stable")[:COMPARED] if values[place] > -math.inf]
        own = tuple(machines[place] for place in scope.scope.machines)
        for first in range(1, max(len(order), 2), _PART):
            places = tuple(order[:1] + order[first : first + _PART])
            names = tuple(tuple(scope.names[machine.machine_type][place] for place in places) for machine in own)
            if places:
                yield Comparing(store_url, number, places, own, names, objective, seed)
