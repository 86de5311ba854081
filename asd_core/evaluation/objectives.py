"""Objectives: the number that a search maximises, from the figures of the machines that get one setting together.

Figures of a machine:
    auc, pauc                over all its clips (max FPR 0.1, standardised)
    auc_source, auc_target   the domain's normal clips against the anomalies of *both*, as in DCASE since 2022;
                             NaN where there are not normal clips of both domains

Objectives:
    auc, pauc   mean over machines
    mean        mean over machines of (AUC + pAUC) / 2
    official    the challenge's score, as ``asd evaluate`` prints it: the harmonic mean of AUC (source), AUC (target),
                and pAUC of the machines that have normal clips of both domains; where no machine has them that of 2020,
                the mean of AUC and pAUC
    twfr-sum    hmean AUC (source) + hmean AUC (target) + hmean pAUC, each over machines: the criterion of TWFR-GMM, and
                the E of FS-TWFR-GMM (Zhang et al., eq. 6)

In twfr-sum, a machine without domains has its plain AUC for both. No objective depends on a decision threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import UsageError, did_you_mean
from asd_core.evaluation.dcase_scores import DOMAINS, compared
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.metrics import OneClassError, auc, pauc

OBJECTIVES = ("auc", "pauc", "mean", "official", "twfr-sum")
FIGURES = ("auc", "pauc", "auc_source", "auc_target")


def check_objective(name: str) -> None:
    """Raise UsageError unless there is such an objective."""
    if name not in OBJECTIVES:
        raise UsageError(f"unknown objective {name!r}{did_you_mean(name, OBJECTIVES)}")


def figures_of(clips: LabelledClips) -> dict[str, float]:
    """The FIGURES of one machine, by name.

    Raises:
        OneClassError: its clips are all normal or all anomalous.
    """
    scores, is_anomalous = clips.anomaly_scores, clips.is_anomalous
    figures = {"auc": auc(scores, is_anomalous), "pauc": pauc(scores, is_anomalous)}
    for domain in DOMAINS:
        part = compared(clips, domain, "dcase2022")
        try:
            figures[f"auc_{domain}"] = auc(part.anomaly_scores, part.is_anomalous)
        except OneClassError:
            figures[f"auc_{domain}"] = np.nan
    return figures


def objective_values(name: str, machine_types: Sequence[str], figures: NDArray[np.float64]) -> NDArray[np.float64]:
    """The objective of many settings, or resamples of one, at once.

    Args:
        name: of the objective.
        machine_types: of the K machines.
        figures: (K, S, 4) FIGURES.

    Returns:
        (S,), NaN where a machine has no AUC.
    """
    check_objective(name)
    whole, low, source, target = np.moveaxis(figures, -1, 0)
    has_domains = np.isfinite(source) & np.isfinite(target)
    if name == "official":
        return _official(whole, low, source, target, machine_types)
    source, target = np.where(has_domains, source, whole), np.where(has_domains, target, whole)
    match name:
        case "auc":
            return np.asarray(whole.mean(axis=0))
        case "pauc":
            return np.asarray(low.mean(axis=0))
        case "mean":
            return np.asarray((whole + low).mean(axis=0) / 2)
        case _:
            return _harmonic_mean(source) + _harmonic_mean(target) + _harmonic_mean(low)


def _official(
    whole: NDArray[np.float64],
    low: NDArray[np.float64],
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    machine_types: Sequence[str],
) -> NDArray[np.float64]:
    """The official score, (S,), of figures that are (K, S) each."""
    counts = np.isfinite(source) & np.isfinite(target) & np.isfinite(low)
    inverses = sum(1 / np.maximum(part, np.finfo(np.float64).eps) for part in (source, target, low))
    with np.errstate(invalid="ignore", divide="ignore"):
        of_domains = 3 * counts.sum(axis=0) / np.where(counts, inverses, 0).sum(axis=0)
    plain = _mean_over_types((whole + low) / 2, machine_types)
    return np.where(np.isnan(whole).any(axis=0), np.nan, np.where(counts.any(axis=0), of_domains, plain))


def _mean_over_types(values: NDArray[np.float64], machine_types: Sequence[str]) -> NDArray[np.float64]:
    """The mean over machine types of the mean over their ids, (K, S) → (S,)."""
    kinds = np.array(machine_types)
    return np.asarray(np.mean([values[kinds == kind].mean(axis=0) for kind in sorted(set(machine_types))], axis=0))


def _harmonic_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`asd_core.evaluation.metrics.harmonic_mean` of each column, (K, S) → (S,)."""
    return np.asarray(len(values) / (1 / np.maximum(values, np.finfo(np.float64).eps)).sum(axis=0))
