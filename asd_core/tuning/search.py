"""A search under way: what is known already, what is handed out, and what each scope's objective comes to.

A unit of work is one setting on one machine; a batch is one machine and many settings that share work. Whoever works on
a batch commits its rows before it is told here, so a search can end at any moment and be made again from the store.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.objectives import FIGURES
from asd_core.recipe.recipe import Recipe
from asd_core.tuning.batches import Batch, Outcome, sharing_groups
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.request import Scope
from asd_core.tuning.results import Known, setting_ids
from asd_core.tuning.space.proposals import Proposals
from asd_core.tuning.space.setting import Setting

Combine = Callable[[Sequence[str], NDArray[np.float64]], NDArray[np.float64]]
"""Machine types (M,) and figures (M, S, 4) of a scope's machines → its objectives (S,), NaN where there is none."""

BATCH_SECONDS = 5.0  # of work: what a killed worker loses at most, and seventy times what Ray Tune takes for a trial
_LEAST_SECONDS = 0.5  # of a batch towards the end
_FIRST = 8  # settings of a machine's first batch, before it is known how long one takes


@dataclass
class ScopeResults:
    """What is known of a scope's settings, in the order in which they were proposed.

    Attributes:
        scope: whose.
        settings: (S,).
        names: machine type → their ids, (S,): a setting is another one on another type's recipe.
        figures: machine → (S, 4) float64 of FIGURES, NaN where there is none.
        errors: place → why a setting could not be evaluated, of the first machine where it could not.
        objectives: (S,), NaN where there is none.
    """

    scope: Scope
    settings: list[Setting] = field(default_factory=list)
    names: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    objectives: list[float] = field(default_factory=list)


class Search:
    """Hands out batches and takes in what they came to.

    Args:
        machines: to search for.
        recipe: over which settings are laid.
        scopes: what gets a setting together; each machine is in one.
        proposals: of each scope.
        known: what the store knows of each machine.
        combine: figures of a scope's machines → its objective.
        version: of the code, see `setting_ids`.
        workers: how many work at once: the last batches are cut finer for them.
    """

    def __init__(
        self,
        machines: Sequence[MachineData],
        recipe: Recipe,
        scopes: Sequence[Scope],
        proposals: Sequence[Proposals],
        known: Sequence[Known],
        combine: Combine,
        version: str,
        workers: int = 1,
    ) -> None:
        self._machines, self._recipe, self._known = machines, recipe, known
        self._proposals, self._combine, self._version, self._workers = proposals, combine, version, workers
        self.results = [ScopeResults(scope) for scope in scopes]
        self.seconds, self.commit_seconds, self.evaluated, self.crashed = 0.0, 0.0, 0, 0
        self.total = sum(p.total * len(scope.machines) for p, scope in zip(proposals, scopes, strict=True))
        self.done = 0
        self._waiting = [0] * len(scopes)  # units of a scope's round that are not known yet
        self._over = [False] * len(scopes)
        self._groups: deque[tuple[int, int, deque[list[int]]]] = deque()  # scope, machine, groups of places
        self._suspects: deque[tuple[int, int, list[int]]] = deque()  # what is left of batches that killed their worker
        self._deadly: set[tuple[int, int]] = set()  # machine and setting over which one worker died
        self._open: dict[int, tuple[int, int, list[int]]] = {}
        self._numbers = 0
        self._rates: dict[int, tuple[int, float]] = {}  # machine → settings evaluated, and the seconds that took

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do and nothing is under way."""
        self._propose()
        return all(self._over)

    def next_batch(self) -> Batch | None:
        """The next batch; None where all that can be done now is under way, or the search is over."""
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
        names = results.names[self._machines[machine].machine_type]
        number, self._numbers = self._numbers, self._numbers + 1
        self._open[number] = scope, machine, places
        return Batch(
            number, machine, tuple(names[place] for place in places), tuple(results.settings[place] for place in places)
        )

    def finish(self, number: int, outcome: Outcome) -> None:
        """Take in what a batch came to."""
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
        """A batch's worker died: it is tried in halves, down to one setting, which is blamed at its second time."""
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
        first = len(results.settings)
        results.settings += settings
        groups = [[first + place for place in group] for group in sharing_groups(settings)]
        fresh: dict[str, list[str]] = {}
        for machine in results.scope.machines:
            kind = self._machines[machine].machine_type
            if kind not in fresh:
                fresh[kind] = setting_ids(self._recipe, settings, self._version, kind)
                results.names.setdefault(kind, []).extend(fresh[kind])
            known = self._known[machine]
            places = known.places(fresh[kind])
            figures = np.full((len(settings), len(FIGURES)), np.nan)
            figures[places >= 0] = known.figures[places[places >= 0]]
            before = results.figures.get(machine, np.empty((0, len(FIGURES))))
            results.figures[machine] = np.concatenate([before, figures])
            for place in np.flatnonzero(places >= 0).tolist():
                if (error := known.errors.get(int(places[place]))) is not None:
                    results.errors.setdefault(first + place, error)
            missing = deque(left for group in groups if (left := [p for p in group if places[p - first] < 0]))
            units = sum(map(len, missing))
            self.done += len(settings) - units
            self._waiting[index] += units
            if missing:
                self._groups.append((index, machine, missing))

    def _rate(self, results: ScopeResults) -> None:
        """Work out the objectives of the round that is complete."""
        first, machines = len(results.objectives), results.scope.machines
        if first < len(results.settings):
            kinds = [self._machines[machine].machine_type for machine in machines]
            figures = np.stack([results.figures[machine][first:] for machine in machines])
            results.objectives += self._combine(kinds, figures).tolist()

    def _cut(self, machine: int, groups: deque[list[int]]) -> list[int]:
        """Whole groups for some seconds of work, fewer towards the end so that no worker waits long for another."""
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


def search_here(
    search: Search, work: Callable[[Batch], Outcome], told: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Work on the batches of a search one after the other in this process.

    Args:
        search: to be finished.
        work: see `work_on`.
        told: how many units are done, and of how many.
    """
    told(search.done, search.total)
    while (batch := search.next_batch()) is not None:
        search.finish(batch.number, work(batch))
        told(search.done, search.total)
