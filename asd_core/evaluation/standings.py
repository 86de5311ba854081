"""The standings of systems handed in to DCASE Challenge Task 2: figures of each as the official evaluators print them.

Conventions:
    The means are the evaluators': over machine types, sections and domains, where a figure that has no domains of its
    own (pAUC since 2022) counts for both. The evaluator of 2022 takes a third of the sections of a machine type for its
    source and two thirds for its target; here each domain's mean is of that domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from asd_core.errors import UsageError
from asd_core.evaluation.dcase_scores import DcaseProtocol
from asd_core.evaluation.evaluate import Evaluation, MachineEvaluation, evaluate_machines
from asd_core.evaluation.ground_truth import GroundTruth, read_ground_truth
from asd_core.evaluation.jackknife import evaluators_interval
from asd_core.evaluation.metrics import harmonic_mean
from asd_core.evaluation.official_certainty import interval
from asd_core.evaluation.submitted import Submitted, System, find_systems, join
from asd_core.store.addresses import open_files

Figures = dict[str, float | None]
METRICS = ("auc", "pauc", "precision", "recall", "f1")


@dataclass(frozen=True)
class EvaluatorMeans:
    """Means of METRICS, by name; None where a machine or domain lacks the figure.

    Attributes:
        arithmetic_mean: over sections and domains.
        harmonic_mean: likewise.
        source_harmonic_mean: over sections in the source domain; None in 2020, which has no domains.
        target_harmonic_mean: likewise.
    """

    arithmetic_mean: Figures
    harmonic_mean: Figures
    source_harmonic_mean: Figures | None
    target_harmonic_mean: Figures | None


@dataclass(frozen=True)
class Standing:
    """One system.

    Attributes:
        system: see `System.name`.
        evaluation: of the machines that could be judged; None where none could.
        official_score: None unless every machine of the ground truth could be judged.
        standard_error: of the official score, over draws of clips.
        interval: the 95 % interval of the official score.
        official_score_ci95: as the evaluators since 2022 print it; see `evaluators_interval`.
        means: over all machines that could be judged.
        means_by_machine_type: over the sections of each machine type.
        problems: why machines could not be judged, one line each.
        remarks: what else is odd, one line each.
    """

    system: str
    evaluation: Evaluation | None
    official_score: float | None
    standard_error: float | None
    interval: tuple[float, float] | None
    official_score_ci95: float | None
    means: EvaluatorMeans | None
    means_by_machine_type: dict[str, EvaluatorMeans]
    problems: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Standings:
    """All systems against one ground truth.

    Attributes:
        protocol: by which they are scored.
        machines: number of machines in the ground truth.
        systems: the highest official score first, those without one last.
        remarks: on folders that hold no system.
    """

    protocol: DcaseProtocol
    machines: int
    systems: tuple[Standing, ...]
    remarks: tuple[str, ...]


def judge(
    submissions: str,
    ground_truth: str,
    protocol: Literal["auto", "dcase2020", "dcase2021", "dcase2022"] = "auto",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Standings:
    """Judge every system in a folder.

    Args:
        submissions: folder of one system, of several, or of teams with several each; a path or an address.
        ground_truth: see `read_ground_truth`.
        protocol: of another year than the ground truth's; ``auto`` is the ground truth's own.
        progress: is told the number of systems judged, and of all.

    Raises:
        UsageError: there is no system, or no ground truth.
    """
    truth = read_ground_truth(ground_truth)
    rule = truth.protocol if protocol == "auto" else protocol
    files = open_files(submissions)
    systems, remarks = find_systems(files, submissions.rstrip("/").rpartition("/")[2] or "submission")
    if not systems:
        raise UsageError(
            f"{submissions}: holds no file named anomaly_score_<machine>_section_<ss>_test.csv "
            "(or anomaly_score_<machine>_id_<id>.csv, as in 2020); name the folder of a submission, or of several"
        )
    standings = []
    for done, system in enumerate(systems, start=1):
        standings.append(_standing(system, truth, rule))
        progress(done, len(systems))
    ranked = sorted(standings, key=lambda own: (own.official_score is None, -(own.official_score or 0.0), own.system))
    return Standings(rule, len(truth.machines), tuple(ranked), tuple(remarks))


def _standing(system: System, truth: GroundTruth, protocol: DcaseProtocol) -> Standing:
    submitted = join(system, truth)
    if len(submitted.problems) == len(submitted.machines):
        empty = (None, None, None, None, None, None)
        return Standing(system.name, *empty, {}, submitted.problems, submitted.remarks)
    evaluation = evaluate_machines(submitted.machines, protocol)
    is_complete = evaluation.machines_scored == len(truth.machines)
    score, error = evaluation.official_score, evaluation.official_score_standard_error
    if not is_complete:
        score = error = None
        evaluation = replace(evaluation, official_score=None, official_score_standard_error=None)
    judged = [machine for machine in evaluation.machines if machine.auc is not None]
    types = dict.fromkeys(machine.machine_type for machine in judged)
    return Standing(
        system=system.name,
        evaluation=evaluation,
        official_score=score,
        standard_error=error,
        interval=interval(score, error) if score is not None and error is not None else None,
        official_score_ci95=_evaluators_interval(submitted) if is_complete and protocol == "dcase2022" else None,
        means=_means(judged, protocol),
        means_by_machine_type={
            kind: _means([machine for machine in judged if machine.machine_type == kind], protocol) for kind in types
        },
        problems=submitted.problems,
        remarks=submitted.remarks,
    )


def _evaluators_interval(submitted: Submitted) -> float:
    clips = [machine.clips for machine in submitted.machines]
    return evaluators_interval(
        np.concatenate([own.anomaly_scores for own in clips]), np.concatenate([own.is_anomalous for own in clips])
    )


def _means(machines: Sequence[MachineEvaluation], protocol: DcaseProtocol) -> EvaluatorMeans:
    if protocol == "dcase2020":
        whole = {
            "auc": [machine.auc for machine in machines],
            "pauc": [machine.pauc for machine in machines],
            **{name: [getattr(machine.decisions, name) for machine in machines] for name in METRICS[2:]},
        }
        return EvaluatorMeans(_each(whole, np.mean), _each(whole, harmonic_mean), None, None)
    source, target = (_of_domain(machines, domain, protocol) for domain in ("source", "target"))
    both = {name: source[name] + target[name] for name in METRICS}
    return EvaluatorMeans(
        _each(both, np.mean), _each(both, harmonic_mean), _each(source, harmonic_mean), _each(target, harmonic_mean)
    )


def _of_domain(
    machines: Sequence[MachineEvaluation], domain: str, protocol: DcaseProtocol
) -> dict[str, list[float | None]]:
    pauc = f"pauc_{domain}" if protocol == "dcase2021" else "pauc"
    decisions = [getattr(machine, f"decisions_{domain}") for machine in machines]
    return {
        "auc": [getattr(machine, f"auc_{domain}") for machine in machines],
        "pauc": [getattr(machine, pauc) for machine in machines],
        **{name: [getattr(each, name) for each in decisions] for name in METRICS[2:]},
    }


def _each(values: dict[str, list[float | None]], mean: Callable[[list[float]], float]) -> Figures:
    known = {name: [value for value in own if value is not None] for name, own in values.items()}
    return {
        name: float(mean(known[name])) if own and len(known[name]) == len(own) else None for name, own in values.items()
    }
