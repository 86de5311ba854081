"""The figures of FS-TWFR-GMM's tables (Zhang et al., tables 4 and 5).

"AUC" of a machine is the harmonic mean of AUC (source) and AUC (target), each domain's normal clips against all
anomalies; a machine without normal clips of both domains has its plain AUC. Averages are harmonic over machines. The
"Average" of table 5 is the arithmetic mean of the two averages.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asd_core.evaluation.metrics import harmonic_mean

Figures = Mapping[str, float]
"""`asd_core.evaluation.objectives.FIGURES` of a machine, by name."""


@dataclass(frozen=True)
class Averages:
    """Averages over machines.

    Attributes:
        auc: harmonic over machines, and over the domains of each.
        pauc: harmonic over machines.
    """

    auc: float
    pauc: float

    @property
    def mean(self) -> float:
        """The arithmetic mean of both, "Average" in table 5."""
        return (self.auc + self.pauc) / 2

    @property
    def official(self) -> float:
        """The challenge's score since 2022: the harmonic mean of AUC (source), AUC (target) and pAUC."""
        return 3 / (2 / self.auc + 1 / self.pauc)


def machine_auc(figures: Figures) -> float:
    """AUC of one machine over both domains."""
    domains = [figures["auc_source"], figures["auc_target"]]
    return figures["auc"] if any(map(math.isnan, domains)) else harmonic_mean(domains)


def averages(machines: Iterable[Figures]) -> Averages:
    """Averages over the figures of some machines, at least one."""
    machines = list(machines)
    return Averages(
        harmonic_mean([machine_auc(one) for one in machines]), harmonic_mean([one["pauc"] for one in machines])
    )
