"""A finished search, scope by scope, as its recipe and its report tell it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asd_core.evaluation.objectives import FIGURES, objective_values
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.request import SearchRequest
from asd_core.tuning.search import ScopeResults
from asd_core.tuning.space.dimension import Dimension
from asd_core.tuning.space.setting import Setting


def best_first(objectives: ArrayLike, changed: Sequence[int] = ()) -> NDArray[np.int64]:
    """Indices of objectives (S,), the highest first and NaN last.

    Of equal ones (to 12 decimals) the setting that changes the fewest fields of the recipe comes first, so that the
    recipe's own stays where nothing is better; then the first.

    Args:
        objectives: of the settings.
        changed: in how many fields each setting differs from the recipe, (S,); none where that is unknown.
    """
    values = np.round(np.asarray(objectives, np.float64), 12)
    keys = (changed,) if len(changed) else ()
    return np.asarray(np.lexsort((*keys, np.where(np.isnan(values), np.inf, -values))))


@dataclass(frozen=True)
class Certainty:
    """The evidence that a setting is worse than the best, over clips drawn anew.

    Attributes:
        standard_error: of the setting's own objective.
        low: of the 95 % interval of the best setting's objective minus this one's, paired clip by clip.
        high: likewise.
        told_apart: true where the interval lies above 0.
    """

    standard_error: float
    low: float
    high: float
    told_apart: bool


@dataclass(frozen=True)
class MachineOutcome:
    """One machine of a scope.

    Attributes:
        machine_type: as in CLIPS.
        machine_id: as in CLIPS.
        n_fitted: number of normal clips that every setting was fitted to.
        n_normal: number of normal clips that settings were judged on.
        n_anomalous: number of anomalous clips that settings were judged on.
        auc_level_only: AUC of the trivial twin of a score, the distance of a clip's level from the normals'; None where
            no level is known.
        aucs: (S,), NaN where there is none.
        paucs: (S,), likewise.
        objectives: (S,), of this machine alone.
        has_domains: true where normal clips of both domains are judged on.
    """

    machine_type: str
    machine_id: str
    n_fitted: int
    n_normal: int
    n_anomalous: int
    auc_level_only: float | None
    aucs: NDArray[np.float64]
    paucs: NDArray[np.float64]
    objectives: NDArray[np.float64]
    has_domains: bool = True

    @property
    def name(self) -> str:
        """Machine type and id in one text."""
        return f"{self.machine_type} {self.machine_id}".strip()

    @property
    def best_objective(self) -> float:
        """Highest objective of the machine under any setting; NaN where there is none."""
        return math.nan if np.isnan(self.objectives).all() else float(np.nanmax(self.objectives))


@dataclass(frozen=True)
class ScopeOutcome:
    """All settings of a scope with their objectives.

    Attributes:
        name: of the scope.
        dimensions: the fields that were searched.
        settings: (S,), in the order of their proposal.
        objectives: (S,), NaN where there is none.
        machines: of the scope.
        certainty: index of a setting → how sure it is that it is worse than the best; of the best few hundred.
        errors: index of a setting → the reason why it could not be evaluated.
        changed: in how many fields each setting differs from the recipe, (S,); empty where that is unknown.
    """

    name: str
    dimensions: Sequence[Dimension]
    settings: Sequence[Setting]
    objectives: NDArray[np.float64]
    machines: Sequence[MachineOutcome]
    certainty: Mapping[int, Certainty]
    errors: Mapping[int, str]
    changed: Sequence[int] = ()

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Indices of the settings, the best first."""
        return best_first(self.objectives, self.changed)

    @cached_property
    def ranked(self) -> list[int]:
        """Indices of the settings that have an objective, the best first."""
        return [place for place in self.order.tolist() if not math.isnan(self.objectives[place])]

    @property
    def best(self) -> int | None:
        """Index of the best setting; None where none could be evaluated."""
        return self.ranked[0] if self.ranked else None

    @cached_property
    def not_told_apart(self) -> list[int]:
        """Indices of the settings that cannot be told from the best, best first, the best among them."""
        alike = {place for place, certainty in self.certainty.items() if not certainty.told_apart}
        return [place for place in self.order.tolist() if place in alike]


def scope_outcomes(
    results: Sequence[ScopeResults],
    machines: Sequence[MachineData],
    found: Sequence[Mapping[int, Certainty]],
    request: SearchRequest,
) -> list[ScopeOutcome]:
    """The outcome of each scope of a finished search.

    Args:
        results: of every scope.
        machines: of the search.
        found: `compare_best` of the scopes.
        request: of the search.
    """
    return [
        ScopeOutcome(
            one.scope.name,
            request.space.dimensions,
            one.settings,
            np.array(one.objectives),
            [_machine_outcome(machines[place], one.figures[place], request.objective) for place in one.scope.machines],
            certainty,
            one.errors,
            one.changed,
        )
        for one, certainty in zip(results, found, strict=True)
    ]


def _machine_outcome(machine: MachineData, figures: NDArray[np.float64], objective: str) -> MachineOutcome:
    anomalous = int(machine.is_anomalous.sum())
    return MachineOutcome(
        machine.machine_type,
        machine.machine_id,
        len(machine.normal_domains),
        len(machine.is_anomalous) - anomalous,
        anomalous,
        machine.auc_level_only,
        figures[:, FIGURES.index("auc")],
        figures[:, FIGURES.index("pauc")],
        objective_values(objective, [machine.machine_type], figures[None]),
        {"source", "target"} <= set(machine.domains[~machine.is_anomalous].tolist()),
    )
