"""The state of a search: the results known so far, the batches handed out, and the objectives of each scope.

A unit of work is one setting on one machine. A batch is one machine and many settings that share work. A worker commits
a batch's rows before the search hears of it, so a search can end at any moment and go on from the store.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.objectives import FIGURES, objective_values
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.batches import Batch, BatchOutcome, sharing_groups
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.request import Scope
from asd_core.tuning.space.proposals import Proposals
from asd_core.tuning.space.setting import Setting, changed_fields
from asd_core.tuning.stored_results import KnownResults, setting_ids

OnProgress = Callable[[int, int], None]
"""Called with the units done and the units in all."""

BATCH_SECONDS = 5.0  # work in a batch: the most that a killed worker loses, and seventy times Tune's time for a trial
_LEAST_SECONDS = 0.5  # work in a batch towards the end
_FIRST = 8  # settings in a machine's first batch, while their speed is unknown


@dataclass
class ScopeResults:
    """The results of a scope's settings, in the order of their proposal.

    Attributes:
        scope: its machines.
        settings: (S,).
        changed: in how many fields each setting differs from the recipe, (S,).
        setting_ids: machine type → ids of the settings, (S,): each type's recipe gives a setting another id.
        figures: index of a machine → (S, 4) float64 of FIGURES, NaN where there is none.
        errors: index of a setting → the reason why it could not be evaluated on the first machine where it failed.
        objectives: (S,), NaN where there is none.
    """

    scope: Scope
    settings: list[Setting] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    setting_ids: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    objectives: list[float] = field(default_factory=list)


class Search:
    """Hands out batches and takes in their outcomes.

    Args:
        machines: of the search.
        recipe: settings are laid over it.
        scopes: machines that get one setting together; each machine is in one scope.
        proposals: of each scope.
        known: results of each machine in the store.
        objective: see `asd_core.evaluation.objectives`.
        version: of the code, see `setting_ids`.
        workers: number at work at once: the last batches are cut finer for them.
    """

    def __init__(
        self,
        machines: Sequence[MachineData],
        recipe: Recipe,
        scopes: Sequence[Scope],
        proposals: Sequence[Proposals],
        known: Sequence[KnownResults],
        objective: str,
        version: str,
        workers: int = 1,
    ) -> None:
        self._machines, self._recipe, self._known = machines, recipe, known
        self._proposals, self._objective, self._version, self._workers = proposals, objective, version, workers
        self.results = [ScopeResults(scope) for scope in scopes]
        self.seconds, self.commit_seconds, self.evaluated, self.crashed = 0.0, 0.0, 0, 0
        self.total = sum(p.total * len(scope.machines) for p, scope in zip(proposals, scopes, strict=True))
        self.done = 0
        self._waiting = [0] * len(scopes)  # units of a scope's round without a result
        self._over = [False] * len(scopes)
        self._groups: deque[tuple[int, int, deque[list[int]]]] = deque()  # scope, machine, groups of settings
        self._suspects: deque[tuple[int, int, list[int]]] = deque()  # pieces of batches that killed their worker
        self._deadly: set[tuple[int, int]] = set()  # machine and setting over which one worker died
        self._open: dict[int, tuple[int, int, list[int]]] = {}
        self._numbers = 0
        self._rates: dict[int, tuple[int, float]] = {}  # machine → settings evaluated, and their seconds

    @property
    def is_finished(self) -> bool:
        """True when no work is left and none is under way."""
        self._propose()
        return all(self._over)

    def next_batch(self) -> Batch | None:
        """The next batch; None where all possible work is under way, or the search is over."""
        self._propose()
        if self._suspects:
            scope, machine, places = self._suspects.popleft()
        elif self._groups:
            scope, machine, groups = self._groups[0]
            places = self._cut(machine, groups)
            if not groups:
                self._groups.popleft()
        else:
            return None
        results = self.results[scope]
        ids = results.setting_ids[self._machines[machine].machine_type]
        number, self._numbers = self._numbers, self._numbers + 1
        self._open[number] = scope, machine, places
        return Batch(number, machine, tuple(ids[i] for i in places), tuple(results.settings[i] for i in places))

    def finish(self, number: int, outcome: BatchOutcome) -> None:
        """Take in the outcome of a batch."""
        scope, machine, places = self._open.pop(number)
        results = self.results[scope]
        results.figures[machine][places] = outcome.figures
        for place, error in outcome.errors.items():
            results.errors.setdefault(places[place], error)
        count, seconds = self._rates.get(machine, (0, 0.0))
        self._rates[machine] = count + len(places), seconds + outcome.seconds
        self.seconds += outcome.seconds
        self.commit_seconds += outcome.commit_seconds
        self.evaluated += len(places)
        self._settle(scope, len(places))

    def fail(self, number: int) -> None:
        """Take in the death of a batch's worker.

        The batch is tried again in halves, down to one setting. The second death over one setting is its error.
        """
        scope, machine, places = self._open.pop(number)
        if len(places) > 1:
            half = len(places) // 2
            self._suspects += [(scope, machine, places[:half]), (scope, machine, places[half:])]
        elif (machine, places[0]) not in self._deadly:
            self._deadly.add((machine, places[0]))
            self._suspects.append((scope, machine, places))
        else:
            self.results[scope].errors.setdefault(places[0], "two workers died over it")
            self.crashed += 1
            self._settle(scope, 1)

    def _settle(self, scope: int, units: int) -> None:
        self.done += units
        self._waiting[scope] -= units

    def _propose(self) -> None:
        """Begin the next round of every scope whose last one is complete."""
        for index, results in enumerate(self.results):
            while not self._over[index] and not self._waiting[index]:
                self._rate(results)
                settings = self._proposals[index].next_round(results.objectives)
                if not settings:
                    self._over[index] = True
                    self.done += (self._proposals[index].total - len(results.settings)) * len(results.scope.machines)
                else:
                    self._begin(index, results, settings)

    def _begin(self, index: int, results: ScopeResults, settings: Sequence[Setting]) -> None:
        """Take in the results that are known, and queue the other units."""
        first = len(results.settings)
        results.settings += settings
        types = [self._machines[machine].machine_type for machine in results.scope.machines]
        results.changed += changed_fields(self._recipe, settings, types[0])
        groups = sharing_groups(settings)
        ids: dict[str, list[str]] = {}
        for machine in results.scope.machines:
            machine_type = self._machines[machine].machine_type
            if machine_type not in ids:
                ids[machine_type] = setting_ids(self._recipe, settings, self._version, machine_type)
                results.setting_ids.setdefault(machine_type, []).extend(ids[machine_type])
            is_known, figures, errors = self._known[machine].of(ids[machine_type])
            before = results.figures.get(machine, np.empty((0, len(FIGURES))))
            results.figures[machine] = np.concatenate([before, figures])
            for place, error in errors.items():
                results.errors.setdefault(first + place, error)
            missing = deque(left for group in groups if (left := [first + i for i in group if not is_known[i]]))
            units = sum(map(len, missing))
            self.done += len(settings) - units
            self._waiting[index] += units
            if missing:
                self._groups.append((index, machine, missing))

    def _rate(self, results: ScopeResults) -> None:
        """Work out the objectives of the round that is complete."""
        first, machines = len(results.objectives), results.scope.machines
        if first < len(results.settings):
            types = [self._machines[machine].machine_type for machine in machines]
            figures = np.stack([results.figures[machine][first:] for machine in machines])
            results.objectives += objective_values(self._objective, types, figures).tolist()

    def _cut(self, machine: int, groups: deque[list[int]]) -> list[int]:
        """Take whole groups for some seconds of work, fewer towards the end so that no worker waits long."""
        count, seconds = self._rates.get(machine, (self.evaluated, self.seconds))
        size = _FIRST
        if count:
            left = sum(len(group) for _, _, others in self._groups for group in others)
            in_a_second = count / max(seconds, 1e-9)
            share = max(left / (2 * self._workers), _LEAST_SECONDS * in_a_second)
            size = math.ceil(min(BATCH_SECONDS * in_a_second, share))
        places: list[int] = []
        while groups and (not places or len(places) + len(groups[0]) <= size):
            places += groups.popleft()
        return places


def search_here(search: Search, work: Callable[[Batch], BatchOutcome], on_progress: OnProgress) -> None:
    """Work on the batches of a search one after the other in this process.

    Args:
        search: to be finished.
        work: see `evaluate_batch`.
        on_progress: called after each batch.
    """
    on_progress(search.done, search.total)
    while (batch := search.next_batch()) is not None:
        search.finish(batch.number, work(batch))
        on_progress(search.done, search.total)
