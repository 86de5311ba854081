"""The size of a cluster that an autoscaler wakes up: few nodes, or none, when a job starts.

Ray tells a job the nodes that are there and not those that may come. So whoever runs such a cluster names its largest
size in the environment of its jobs, and a job asks for as much work at once as fits there: the autoscaler starts nodes
for the work that waits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from asd_core.errors import UsageError

LARGEST = {"CPU": "ASD_CLUSTER_CPUS", "GPU": "ASD_CLUSTER_GPUS"}
"""Resource by Ray's name → variable that says how many the cluster may have at its largest."""


def grown(present: Mapping[str, float], variables: Mapping[str, str] = os.environ) -> dict[str, float]:
    """Resources of the cluster at its largest size.

    Args:
        present: those that it has now, by Ray's names.
        variables: the environment.

    Raises:
        UsageError: a variable is no number, or is negative.
    """
    return {**present, **{name: max(amount, present.get(name, 0.0)) for name, amount in _named(variables).items()}}


def coming(variables: Mapping[str, str] = os.environ) -> list[dict[str, float]]:
    """Resources of nodes that may join: one that stands for all of them, or none where nobody named a size.

    Raises:
        UsageError: a variable is no number, or is negative.
    """
    named = _named(variables)
    return [named] if named else []


def _named(variables: Mapping[str, str]) -> dict[str, float]:
    given = {name: variable for name, variable in LARGEST.items() if variables.get(variable)}
    return {name: _amount(variable, variables[variable]) for name, variable in given.items()}


def _amount(variable: str, text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount < float("inf"):
        raise UsageError(f"{variable}={text}: a number of the cluster at its largest is wanted, such as 32")
    return amount
