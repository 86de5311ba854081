"""What a finished search came to, scope by scope, as its recipe and its report tell it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.objectives import FIGURES, objective_values
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.request import Order
from asd_core.tuning.search import ScopeResults
from asd_core.tuning.space.dimension import Dimension
from asd_core.tuning.space.setting import Setting


@dataclass(frozen=True)
class Certainty:
    """How sure it is that a setting is worse than the best, over clips drawn anew.

    Attributes:
        standard_error: of the setting's own objective.
        low: of the 95 % interval of the best setting's objective minus this one's, paired clip by clip.
        high: likewise.
        told_apart: whether the interval lies above 0.
    """

    standard_error: float
    low: float
    high: float
    told_apart: bool


@dataclass(frozen=True)
class MachineOutcome:
    """One machine of a scope.

    Attributes:
        machine_type: of the machine.
        machine_id: of the machine.
        n_fitted: normal clips that every setting was fitted to.
        n_normal: normal clips that settings were judged on.
        n_anomalous: anomalous clips that they were judged on.
        auc_level_only: AUC of the trivial twin of a score, how far a clip's level is from that of the normals; None
            where clips were not heard.
        aucs: (S,), NaN where there is none.
        paucs: (S,).
        objectives: (S,), of this machine alone.
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

    @property
    def name(self) -> str:
        """Its type and id."""
        return f"{self.machine_type} {self.machine_id}".strip()

    @property
    def best_objective(self) -> float:
        """What it could have had with a setting of its own; NaN where there is none."""
        return math.nan if np.isnan(self.objectives).all() else float(np.nanmax(self.objectives))


@dataclass(frozen=True)
class ScopeOutcome:
    """What a scope's settings came to.

    Attributes:
        name: of the scope.
        dimensions: that were searched.
        settings: (S,), in the order in which they were proposed.
        objectives: (S,), NaN where there is none.
        machines: of the scope.
        certainty: place of a setting → how sure it is; of the best few hundred.
        errors: place of a setting → why it could not be evaluated.
    """

    name: str
    dimensions: Sequence[Dimension]
    settings: Sequence[Setting]
    objectives: NDArray[np.float64]
    machines: Sequence[MachineOutcome]
    certainty: Mapping[int, Certainty]
    errors: Mapping[int, str]

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Places of the settings, the best first, those without an objective last; of equals the first proposed."""
        values = np.where(np.isnan(self.objectives), -math.inf, self.objectives)
        return np.argsort(-values, kind="stable")

    @property
    def best(self) -> int | None:
        """Place of the best setting; None where none could be evaluated."""
        if not len(self.order) or math.isnan(self.objectives[self.order[0]]):
            return None
        return int(self.order[0])

    @cached_property
    def not_told_apart(self) -> list[int]:
        """Places of the settings that cannot be told from the best, best first, the best among them."""
        return [
            place for place in self.order.tolist() if place in self.certainty and not self.certainty[place].told_apart
        ]


def scope_outcomes(
    results: Sequence[ScopeResults],
    machines: Sequence[MachineData],
    found: Sequence[Mapping[int, Certainty]],
    order: Order,
) -> list[ScopeOutcome]:
    """What a finished search came to, scope by scope."""
    return [
        ScopeOutcome(
            one.scope.name,
            order.space.dimensions,
            one.settings,
            np.array(one.objectives),
            [_machine_outcome(machines[place], one.figures[place], order.objective) for place in one.scope.machines],
            certainty,
            one.errors,
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
    )
