"""How well recipes hear each kind and severity of fault, and where one hears them better than another.

A machine's faulty clips of one kind or severity are judged against all normal clips of its test night: an AUC and a
pAUC (up to 10 % false alarms) for each machine. Two recipes are compared machine by machine: a mean difference under
two standard errors is a tie.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from asd_core.evaluation.metrics import auc, pauc

Machine = tuple[int, str, str]
"""Seed of the fleet, type and id."""

Heard = Mapping[tuple[str, str], Mapping[Machine, tuple[float, float]]]
"""("severity" or "kind", its name) → machine → AUC and pAUC."""

TIE_ERRORS = 2.0


def heard(scores: pa.Table, seed: int) -> dict[tuple[str, str], dict[Machine, tuple[float, float]]]:
    """The figures of scores whose ``extra`` has the fault and severity of each clip; also of all faults together.

    Raises:
        ValueError: a clip without a score.
    """
    rows = scores.select(["machine_type", "machine_id", "condition", "anomaly_score", "extra"]).to_pylist()
    if any(row["anomaly_score"] is None for row in rows):
        raise ValueError("a clip of the simulated fleet has no score")
    normal: dict[Machine, list[float]] = defaultdict(list)
    faulty: dict[tuple[str, str], dict[Machine, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        machine, truth = (seed, row["machine_type"], row["machine_id"]), json.loads(row["extra"])
        if row["condition"] == "normal":
            normal[machine].append(row["anomaly_score"])
            continue
        for group in (("all", "faults"), ("severity", truth["severity"]), ("kind", truth["fault"])):
            faulty[group][machine].append(row["anomaly_score"])
    return {
        group: {machine: _figures(normal[machine], values) for machine, values in own.items()}
        for group, own in faulty.items()
    }


def _figures(normal: Sequence[float], faulty: Sequence[float]) -> tuple[float, float]:
    labels = np.repeat([False, True], [len(normal), len(faulty)])
    values = np.array([*normal, *faulty])
    return auc(values, labels), pauc(values, labels)


def mean_figures(of: Mapping[Machine, tuple[float, float]]) -> tuple[float, float]:
    """The mean AUC and pAUC over machines."""
    means = np.mean(list(of.values()), axis=0)
    return float(means[0]), float(means[1])


@dataclass(frozen=True)
class Difference:
    """One recipe against another on the same machines.

    Attributes:
        mean: of the differences of AUC.
        error: its standard error over machines.
    """

    mean: float
    error: float

    @property
    def verdict(self) -> str:
        """``better``, ``worse`` or ``tie``."""
        if abs(self.mean) <= TIE_ERRORS * self.error:
            return "tie"
        return "better" if self.mean > 0 else "worse"


def difference(one: Mapping[Machine, tuple[float, float]], other: Mapping[Machine, tuple[float, float]]) -> Difference:
    """The AUC of one recipe less that of another, machine by machine; that of a single machine is a tie."""
    values = np.array([one[machine][0] - other[machine][0] for machine in sorted(one)])
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.inf
    return Difference(float(values.mean()), error)


def joined(parts: Sequence[Heard]) -> dict[tuple[str, str], dict[Machine, tuple[float, float]]]:
    """The figures of several fleets together."""
    found: dict[tuple[str, str], dict[Machine, tuple[float, float]]] = defaultdict(dict)
    for part in parts:
        for group, own in part.items():
            found[group].update(own)
    return dict(found)


def table(recipes: Mapping[str, Heard], groups: Sequence[tuple[str, str]]) -> list[list[str]]:
    """A row for each recipe, a column for each group: mean AUC / pAUC."""
    rows = [["recipe", *(name for _, name in groups)]]
    for name, own in recipes.items():
        cells = [mean_figures(own[group]) for group in groups]
        rows.append([name, *(f"{area:.3f} / {partial:.3f}" for area, partial in cells)])
    return rows


def verdicts(name: str, recipes: Mapping[str, Heard], groups: Sequence[tuple[str, str]]) -> list[list[str]]:
    """A row for each other recipe: where the named one is better or worse than it, and by how much."""
    rows = [[f"{name} against", *(group for _, group in groups)]]
    for other in recipes:
        if other != name:
            found = [difference(recipes[name][group], recipes[other][group]) for group in groups]
            rows.append([other, *(f"{one.mean:+.3f} ± {one.error:.3f} {one.verdict}" for one in found)])
    return rows
