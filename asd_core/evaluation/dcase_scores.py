"""The official scores of DCASE Challenge Task 2, by year.

Conventions:
    The clips of one machine (a DCASE section or machine id) come as `LabelledClips`. A machine's `figures` are the
    metrics of it that enter the official score; `official_score` takes the figures of all machines.

Protocols:
    ``dcase2020``  2020: AUC and pAUC of each machine id.
    ``dcase2021``  2021: AUC and pAUC of each section and domain, clips of that domain only.
    ``dcase2022``  2022 to 2025: AUC of each section and domain, the domain's normals against the anomalies of *both*
                   domains, and one pAUC of each section over all its clips.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.evaluation.metrics import OneClassError, auc, harmonic_mean, pauc

DcaseProtocol = Literal["dcase2020", "dcase2021", "dcase2022"]
Figures = Mapping[str, float]
DOMAINS = ("source", "target")


def is_compared(clips: LabelledClips, domain: str, protocol: DcaseProtocol) -> NDArray[np.bool_]:
    """The clips that a domain's AUC compares: its normals with its own anomalies in 2021, with all of them since.

    Returns:
        (N,) mask.
    """
    is_of_domain = np.asarray(clips.domains == domain, np.bool_)
    return is_of_domain if protocol == "dcase2021" else clips.is_anomalous | is_of_domain


def compared(clips: LabelledClips, domain: str, protocol: DcaseProtocol) -> LabelledClips:
    """The clips of `is_compared`."""
    return clips.where(is_compared(clips, domain, protocol))


def figures(clips: LabelledClips, protocol: DcaseProtocol) -> dict[str, float]:
    """The metrics of one machine that enter its official score, by name (``auc_source``, ``pauc``, ...).

    Raises:
        OneClassError: a class that one of them compares is missing, named with its domain.
    """
    scores, is_anomalous = clips.anomaly_scores, clips.is_anomalous
    match protocol:
        case "dcase2020":
            return {"auc": auc(scores, is_anomalous), "pauc": pauc(scores, is_anomalous)}
        case "dcase2021":
            aucs = {f"auc_{domain}": _of_domain(auc, clips, domain, protocol) for domain in DOMAINS}
            return aucs | {f"pauc_{domain}": _of_domain(pauc, clips, domain, protocol) for domain in DOMAINS}
        case "dcase2022":
            whole = {"pauc": pauc(scores, is_anomalous)}
            return whole | {f"auc_{domain}": _of_domain(auc, clips, domain, protocol) for domain in DOMAINS}


def machine_score(machine: Figures, protocol: DcaseProtocol) -> float:
    """One machine's own score: the arithmetic (2020) or harmonic (from 2021) mean of its figures."""
    values = list(machine.values())
    return float(np.mean(values)) if protocol == "dcase2020" else harmonic_mean(values)


def official_score(machines: Iterable[tuple[str, Figures]], protocol: DcaseProtocol) -> float | None:
    """The challenge's one number over (machine type, figures) of every machine; None where there is no machine.

    From 2021 on it is the harmonic mean of all figures of all machines. The evaluator of 2020 prints no one number:
    here it is the arithmetic mean of AUC and pAUC over the ids of a machine type, as ASDKit takes it, and then over the
    types, so that a type of three ids weighs as much as one of four.
    """
    by_type: dict[str, list[Figures]] = defaultdict(list)
    for machine_type, machine in machines:
        by_type[machine_type].append(machine)
    if not by_type:
        return None
    if protocol == "dcase2020":
        return float(np.mean([np.mean([machine_score(m, protocol) for m in ids]) for ids in by_type.values()]))
    return harmonic_mean([value for ids in by_type.values() for machine in ids for value in machine.values()])


def _of_domain(
    metric: Callable[[ArrayLike, ArrayLike], float], clips: LabelledClips, domain: str, protocol: DcaseProtocol
) -> float:
    part = compared(clips, domain, protocol)
    try:
        return metric(part.anomaly_scores, part.is_anomalous)
    except OneClassError as error:
        raise OneClassError(f"{error} of the {domain} domain") from error
