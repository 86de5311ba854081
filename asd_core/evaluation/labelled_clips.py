"""The clips that metrics compare: scored test clips of known condition, by machine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asd_core.clips.dcase import domain_of_2021

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBERS = ("anomaly_score", "is_flagged", "level_deviation_db")


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
    import pyarrow as pa
    import pyarrow.compute as pc

    learnt = pc.is_in(scores["uri"], value_set=pa.array(list(uris), pa.string()))
    split = pc.if_else(learnt, "train", scores["split"])
    return scores.set_column(scores.schema.get_field_index("split"), scores.schema.field("split"), split)


def clips_by_machine(scores: pa.Table) -> list[MachineClips]:
    """SCORES rows by machine, sorted by type and id: every row is counted, the labelled test clips are kept."""
    from asd_core.pipeline.embedded_rows import machines_of

    machine, used = ["machine_type", "machine_id"], ["split", "domain", "condition", *_NUMBERS]
    ordered = scores.select(machine + used).sort_by([(name, "ascending") for name in machine])
    return [_machine_clips(*own) for own in machines_of(ordered)]


def is_of_2021(scores: pa.Table) -> bool:
    """True where every test clip that has a domain lies in a folder of its own for it, as in 2021 only."""
    import pyarrow.compute as pc

    tests = scores.filter(pc.and_(pc.equal(scores["split"], "test"), pc.not_equal(scores["domain"], "")))
    return len(tests) > 0 and all(map(domain_of_2021, tests["uri"].to_pylist()))


def _machine_clips(machine_type: str, machine_id: str, rows: pa.Table) -> MachineClips:
    import pyarrow as pa
    import pyarrow.compute as pc

    tests = rows.filter(pc.not_equal(rows["split"], "train"))
    scored = tests.filter(pa.array(np.isfinite(_floats(tests["anomaly_score"]))))
    labelled = scored.filter(pc.is_in(scored["condition"], value_set=pa.array(["normal", "anomalous"])))
    is_anomalous = np.array([condition == "anomalous" for condition in labelled["condition"].to_pylist()], np.bool_)
    counts = Counts(
        normal=int((~is_anomalous).sum()),
        anomalous=int(is_anomalous.sum()),
        unlabelled=len(scored) - len(labelled),
        errors=len(tests) - len(scored),
        training=len(rows) - len(tests),
    )
    domains = np.array(labelled["domain"].to_pylist(), dtype=object)
    anomaly_scores, flagged, level_deviations = (_floats(labelled[name]) for name in _NUMBERS)
    clips = LabelledClips(anomaly_scores, is_anomalous, domains)
    return MachineClips(machine_type, machine_id, counts, clips, flagged, level_deviations)


def _floats(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """A column's values, (N,) float64 with NaN for null."""
    return np.array(column.to_pylist(), np.float64)
