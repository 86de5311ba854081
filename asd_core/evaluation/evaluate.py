"""The evaluation of a table of scores: figures of each machine, their means, and the official score.

Conventions:
    Every row of the table is counted once for its machine (`Counts`); only scored test clips of known condition
    are compared. A missing figure is None and takes no part in means; the machine's ``note`` gives the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from asd_core.errors import UsageError, did_you_mean
from asd_core.evaluation import official_certainty
from asd_core.evaluation.dcase_scores import DOMAINS, DcaseProtocol, compared, figures, machine_score, official_score
from asd_core.evaluation.jackknife import pauc_standard_error
from asd_core.evaluation.labelled_clips import Counts, LabelledClips, MachineClips, clips_by_machine, is_of_2021
from asd_core.evaluation.metrics import (
    OneClassError,
    auc,
    auc_standard_error,
    false_alarm_rate,
    harmonic_mean,
    pauc,
    precision_recall_f1,
)
from asd_core.evaluation.night_figures import NightFigures

if TYPE_CHECKING:
    import pyarrow as pa

PROTOCOLS = ("auto", "dcase2020", "dcase2021", "dcase2022")


@dataclass(frozen=True)
class Decisions:
    """Figures of the stored decisions; all in [0, 1], None where the clips lack a class or a decision."""

    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    false_alarm_rate: float | None = None


@dataclass(frozen=True)
class MachineEvaluation:
    """The figures of one machine.

    Attributes:
        auc: over all its clips.
        auc_standard_error: of ``auc`` (DeLong): differences below about twice this are ties.
        pauc: over all its clips, up to a false-positive rate of 0.1, standardised.
        pauc_standard_error: of ``pauc`` (jackknife).
        auc_source: the domain's normals against all anomalies; under ``dcase2021`` against the domain's only.
        auc_target: likewise for the target domain.
        pauc_source: within the domain; ``dcase2021`` only.
        pauc_target: likewise.
        score: the mean of the figures that enter the official score.
        decisions: over all its clips.
        decisions_source: on the clips of the source domain only.
        decisions_target: likewise.
        auc_level_only: ``auc`` of the trivial twin, the distance of a clip's level to the median level of the training
            normals: the part of loudness alone. None where no level is known.
        note: the reason why figures are missing, and what else must be known of them, or "".
    """

    machine_type: str
    machine_id: str
    counts: Counts
    auc: float | None
    auc_standard_error: float | None
    pauc: float | None
    pauc_standard_error: float | None
    auc_source: float | None
    auc_target: float | None
    pauc_source: float | None
    pauc_target: float | None
    score: float | None
    decisions: Decisions
    decisions_source: Decisions
    decisions_target: Decisions
    auc_level_only: float | None
    note: str


@dataclass(frozen=True)
class Means:
    """Means over the machines that have the figure; None where none has."""

    auc: float | None
    pauc: float | None
    auc_source: float | None
    auc_target: float | None
    auc_level_only: float | None


@dataclass(frozen=True)
class Evaluation:
    """The figures of all machines, sorted by type and id, and of all together.

    Attributes:
        protocol: of the official score and of the figures by domain.
        mean: arithmetic means over machines.
        mean_auc_standard_error: of ``mean.auc``; None where a machine that takes part has none.
        harmonic_mean: harmonic means over machines.
        official_score: see `asd_core.evaluation.dcase_scores.official_score`.
        official_score_standard_error: over draws of clips; see `asd_core.evaluation.official_certainty`. None where it
            is unknown.
        machines_scored: number of machines in the official score.
        notes: lines that must stand wherever figures are shown; see `asd_core.evaluation.heard_clips`.
        nights: figures of machines by night; None where no night was judged.
    """

    protocol: DcaseProtocol
    machines: tuple[MachineEvaluation, ...]
    mean: Means
    mean_auc_standard_error: float | None
    harmonic_mean: Means
    official_score: float | None
    official_score_standard_error: float | None
    machines_scored: int
    notes: tuple[str, ...] = ()
    nights: NightFigures | None = None


def evaluate(scores: pa.Table, protocol: Literal["auto", "dcase2020", "dcase2021", "dcase2022"] = "auto") -> Evaluation:
    """Evaluate SCORES rows, in any order.

    ``auto`` is ``dcase2022`` where a machine has normal clips of the source and of the target domain, and anomalous
    ones, ``dcase2021`` where its domains lie in folders of their own (``source_test``), else ``dcase2020``.

    Raises:
        UsageError: no scored test clip has a known condition, or the protocol is unknown.
    """
    if protocol not in PROTOCOLS:
        raise UsageError(f"unknown protocol {protocol!r}{did_you_mean(protocol, PROTOCOLS)}")
    machines = clips_by_machine(scores)
    if not any(len(machine.flagged) for machine in machines):
        raise UsageError(
            f"none of the {scores.num_rows} rows is a scored test clip known to be normal or anomalous "
            f"({sum(machine.counts.training for machine in machines)} are for training): use DCASE file names or a "
            "manifest with a column condition, and score the test clips first"
        )
    if protocol == "auto":
        with_domains: DcaseProtocol = "dcase2021" if is_of_2021(scores) else "dcase2022"
        protocol = with_domains if any(_has_both_domains(machine.clips) for machine in machines) else "dcase2020"
    return evaluate_machines(machines, protocol)


def evaluate_machines(machines: Sequence[MachineClips], protocol: DcaseProtocol) -> Evaluation:
    """Evaluate the clips of machines, sorted by type and id."""
    has_decisions = any(not np.isnan(machine.flagged).all() for machine in machines)
    evaluated = [_evaluate_machine(machine, protocol, has_decisions) for machine in machines]
    rows = tuple(row for row, _ in evaluated)
    official = [(row.machine_type, shares) for row, shares in evaluated if shares]
    judged = [(own.machine_type, own.clips) for own, (_, shares) in zip(machines, evaluated, strict=True) if shares]
    return Evaluation(
        protocol=protocol,
        machines=rows,
        mean=_means(rows, lambda values: float(np.mean(values))),
        mean_auc_standard_error=_standard_error_of_mean(rows),
        harmonic_mean=_means(rows, harmonic_mean),
        official_score=official_score(official, protocol),
        official_score_standard_error=official_certainty.standard_error(judged, protocol),
        machines_scored=len(official),
    )


def _has_both_domains(clips: LabelledClips) -> bool:
    return bool(clips.is_anomalous.any()) and set(DOMAINS) <= set(clips.domains[~clips.is_anomalous])


def _evaluate_machine(
    machine: MachineClips, protocol: DcaseProtocol, has_decisions: bool
) -> tuple[MachineEvaluation, dict[str, float] | None]:
    clips = machine.clips
    source, target = (compared(clips, domain, protocol) for domain in DOMAINS)
    shares: dict[str, float] | None = None
    notes = []
    try:
        shares = figures(clips, protocol)
    except OneClassError as error:
        notes.append(str(error) if len(machine.flagged) else "no scored test clips of known condition")
    if has_decisions and (n_undecided := int(np.isnan(machine.flagged).sum())):
        notes.append(f"clips without a decision: {n_undecided}")
    row = MachineEvaluation(
        machine_type=machine.machine_type,
        machine_id=machine.machine_id,
        counts=machine.counts,
        auc=_or_none(auc, clips),
        auc_standard_error=_or_none(auc_standard_error, clips),
        pauc=_or_none(pauc, clips),
        pauc_standard_error=_or_none(pauc_standard_error, clips),
        auc_source=_or_none(auc, source),
        auc_target=_or_none(auc, target),
        pauc_source=_or_none(pauc, source) if protocol == "dcase2021" else None,
        pauc_target=_or_none(pauc, target) if protocol == "dcase2021" else None,
        score=machine_score(shares, protocol) if shares else None,
        decisions=_decisions(machine),
        decisions_source=_decisions(machine, clips.domains == "source"),
        decisions_target=_decisions(machine, clips.domains == "target"),
        auc_level_only=_auc_level_only(machine),
        note="; ".join(notes),
    )
    return row, shares


def _or_none(metric: Callable[[ArrayLike, ArrayLike], float], clips: LabelledClips) -> float | None:
    try:
        return metric(clips.anomaly_scores, clips.is_anomalous)
    except OneClassError:
        return None


def _auc_level_only(machine: MachineClips) -> float | None:
    if np.isnan(machine.level_deviations).any():
        return None
    return _or_none(auc, replace(machine.clips, anomaly_scores=machine.level_deviations))


def _decisions(machine: MachineClips, keep: NDArray[np.bool_] | slice = slice(None)) -> Decisions:
    flagged, is_anomalous = machine.flagged[keep], machine.clips.is_anomalous[keep]
    if np.isnan(flagged).any():
        return Decisions()
    precision = recall = f1 = false_alarms = None
    if is_anomalous.any():
        precision, recall, f1 = precision_recall_f1(flagged, is_anomalous)
    if not is_anomalous.all():
        false_alarms = false_alarm_rate(flagged, is_anomalous)
    return Decisions(precision, recall, f1, false_alarms)


def _means(machines: Iterable[MachineEvaluation], mean: Callable[[list[float]], float]) -> Means:
    def over(name: str) -> float | None:
        values = [value for machine in machines if (value := getattr(machine, name)) is not None]
        return mean(values) if values else None

    return Means(over("auc"), over("pauc"), over("auc_source"), over("auc_target"), over("auc_level_only"))


def _standard_error_of_mean(machines: Iterable[MachineEvaluation]) -> float | None:
    # Machines are independent, so their variances add.
    errors = [machine.auc_standard_error for machine in machines if machine.auc is not None]
    known = [error for error in errors if error is not None]
    return float(np.sqrt(np.square(known).sum()) / len(known)) if known and len(known) == len(errors) else None
