"""The clips that metrics compare: scored test clips of known condition, by machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True)
class LabelledClips:
    """The scored clips of one machine whose condition is known, row by row.

    Attributes:
        anomaly_scores: (N,), finite, higher is more anomalous.
        is_anomalous: (N,).
        domains: (N,), "source", "target" or "".
    """

    anomaly_scores: NDArray[np.float64]
    is_anomalous: NDArray[np.bool_]
    domains: NDArray[Any]

    def where(self, keep: NDArray[np.bool_]) -> LabelledClips:
        """The clips of a (N,) mask."""
        return LabelledClips(self.anomaly_scores[keep], self.is_anomalous[keep], self.domains[keep])


@dataclass(frozen=True)
class Counts:
    """The rows of one machine, each counted once, in this order of precedence: training, errors, unlabelled, the rest.

    Attributes:
        normal: scored test clips known to be normal.
        anomalous: scored test clips known to be anomalous.
        unlabelled: scored test clips of unknown condition.
        errors: test clips without a finite score.
        training: clips of split ``train``, whatever their score; see `as_training`.
    """

    normal: int = 0
    anomalous: int = 0
    unlabelled: int = 0
    errors: int = 0
    training: int = 0


@dataclass(frozen=True)
class MachineClips:
    """The rows of one machine.

    Attributes:
        machine_type: see `asd_core.store.tables.CLIPS`.
        machine_id: likewise.
        counts: of all its rows.
        clips: the N clips that can be compared.
        flagged: (N,), 0 or 1, NaN where the clip has no decision.
        level_deviations: (N,) dB, the trivial twin of the anomaly score; NaN where no level is known.
    """

    machine_type: str
    machine_id: str
    counts: Counts
    clips: LabelledClips
    flagged: NDArray[np.float64]
    level_deviations: NDArray[np.float64]


def as_training(scores: pa.Table, uris: Collection[str]) -> pa.Table:
    """SCORES rows with these clips in split ``train``: clips that a scorer was fitted to are no test of it."""
    learnt = pc.is_in(scores["uri"], value_set=pa.array(list(uris), pa.string()))
    split = pc.if_else(learnt, "train", scores["split"])
    return scores.set_column(scores.schema.get_field_index("split"), scores.schema.field("split"), split)


def clips_by_machine(scores: pa.Table) -> list[MachineClips]:
    """SCORES rows by machine, sorted by type and id: every row is counted, the labelled test clips are kept."""
    names = ("machine_type", "machine_id", "split", "domain", "condition")
    kind, ident, split, domain, condition = (np.array(scores[name].to_pylist(), dtype=object) for name in names)
    anomaly_score = np.array(scores["anomaly_score"].to_pylist(), dtype=np.float64)
    flagged = np.array(scores["is_flagged"].to_pylist(), dtype=np.float64)
    level_deviation = np.array(scores["level_deviation_db"].to_pylist(), dtype=np.float64)
    is_training = split == "train"
    is_error = ~is_training & ~np.isfinite(anomaly_score)
    is_labelled = (condition == "normal") | (condition == "anomalous")
    is_compared = ~is_training & ~is_error & is_labelled
    is_anomalous = condition == "anomalous"

    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, machine in enumerate(zip(kind, ident, strict=True)):
        members[machine].append(index)
    machines = []
    for (machine_type, machine_id), indices in sorted(members.items()):
        rows = np.array(indices)
        use = rows[is_compared[rows]]
        n_anomalous, n_training, n_errors = (
            int(part.sum()) for part in (is_anomalous[use], is_training[rows], is_error[rows])
        )
        counts = Counts(
            normal=len(use) - n_anomalous,
            anomalous=n_anomalous,
            unlabelled=len(rows) - len(use) - n_training - n_errors,
            errors=n_errors,
            training=n_training,
        )
        clips = LabelledClips(anomaly_score[use], is_anomalous[use], domain[use])
        machines.append(MachineClips(machine_type, machine_id, counts, clips, flagged[use], level_deviation[use]))
    return machines
