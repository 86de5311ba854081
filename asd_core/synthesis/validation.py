"""Validation clips: the clips that a search judges its settings on, some made where no real anomaly is known.

Nothing is decoded here. A `ValidationClip` names a recording and the fault to put into it, is as small as a row, and
gives the same samples wherever it is read (`asd_core.synthesis.decoding`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.selection import of_machine
from asd_core.errors import AsdError, UsageError
from asd_core.synthesis.severities import KINDS, check_kind, generator
from asd_core.synthesis.splitting import names_within, split_normals

RECORDED = "recorded"
"""Kind of a clip that is used as it was recorded."""

GENERATED = "generated"
"""Kind of a clip that a text-to-audio generator made, whose silence is cut out."""

GENERATED_WHOLE = "generated_whole"
"""Kind of a generated clip that keeps its silence."""


@dataclass(frozen=True)
class SimulatedConfig:
    """Settings for anomalies made from a machine's real normal clips.

    Attributes:
        seed: of the split, of the choice of clips for faults, and of everything random in the faults.
        held_out: share of the normal clips that is not fitted to; half of these get faults.
        kinds: some of KINDS.
        per_kind: largest number of anomalies of each kind and domain; no clip gets two faults of one kind.
        severity: lowest and highest; each anomaly draws one between them.
    """

    seed: int = 0
    held_out: float = 1 / 3
    kinds: tuple[str, ...] = KINDS
    per_kind: int = 25
    severity: tuple[float, float] = (0.1, 1.0)

    def __post_init__(self) -> None:
        """Raise UsageError for impossible values."""
        for kind in self.kinds:
            check_kind(kind)
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise UsageError(f"kinds of simulated anomalies must be some of {', '.join(KINDS)}, each once")
        if not 0 < self.held_out < 1:
            raise UsageError(f"the share of normal clips held out must lie between 0 and 1, not {self.held_out}")
        if self.per_kind < 1:
            raise UsageError(f"there must be at least 1 simulated anomaly of each kind, not {self.per_kind}")
        low, high = self.severity
        if not 0 < low <= high <= 1:
            raise UsageError(f"severities must lie above 0 and up to 1, the lowest first, not {low} to {high}")


@dataclass(frozen=True)
class ValidationClip:
    """One clip to judge settings on.

    Attributes:
        clip_id: 32 hex digits of a recording used as it is; ``<recording_id>:<kind>`` of a simulated anomaly.
        recording_id: clip id of the recording that is read. Anomalies made from one recording are no independent
            evidence: a bootstrap should draw recordings.
        uri: address of the recording.
        is_anomalous: its label.
        domain: "source", "target" or "": of the recording, or of the label that a generated clip was made from.
        kind: `RECORDED`, `GENERATED`, `GENERATED_WHOLE` or one of `KINDS`.
        severity: of a simulated anomaly, in (0, 1]; 0 otherwise.
        seed: of all that is random in a simulated anomaly.
    """

    clip_id: str
    recording_id: str
    uri: str
    is_anomalous: bool
    domain: str
    kind: str
    severity: float = 0.0
    seed: int = 0

    @property
    def is_generated(self) -> bool:
        """True for a clip that a generator made."""
        return self.kind in (GENERATED, GENERATED_WHOLE)


@dataclass(frozen=True)
class RejectedClip:
    """A clip that no setting is fitted to or judged on, with the reason: a row of the search's report."""

    clip_id: str
    uri: str
    reason: str
    message: str


@dataclass(frozen=True)
class Validation:
    """The clips that one machine's settings are fitted to and judged on.

    Attributes:
        normals: rows of CLIPS to fit to; none of them is among the clips.
        clips: both conditions.
        rejected: clips that were given but cannot be used; clips of no machine are with one of the machines.
    """

    normals: pa.Table
    clips: tuple[ValidationClip, ...]
    rejected: tuple[RejectedClip, ...] = ()

    @property
    def machine_type(self) -> str:
        """Machine type of the clips to fit to, of which there is at least one."""
        return str(self.normals["machine_type"][0].as_py())

    @property
    def machine_id(self) -> str:
        """Machine id of the clips to fit to, of which there is at least one."""
        return str(self.normals["machine_id"][0].as_py())


def simulated_validation(normals: pa.Table, config: SimulatedConfig) -> Validation:
    """Hold out some of a machine's normal clips, and plan faults in half of these.

    Args:
        normals: rows of CLIPS of one machine: its training clips.
        config: of the faults.

    Raises:
        AsdError: too few clips.
    """
    parts = split_normals(normals, config.held_out, config.seed)
    names = dict(zip(normals["clip_id"].to_pylist(), names_within(normals["uri"].to_pylist()), strict=True))
    sources = [unchanged_clip(row, is_anomalous=True) for row in parts.sources.to_pylist()]
    clips = [unchanged_clip(row, is_anomalous=False) for row in parts.normal.to_pylist()]
    for kind in config.kinds:
        for domain in sorted({clip.domain for clip in sources}):
            rng = generator(config.seed, "sources", kind, domain)
            here = [clip for clip in sources if clip.domain == domain]
            chosen = sorted(rng.permutation(len(here))[: config.per_kind])
            clips += [_with_fault(here[index], names[here[index].clip_id], kind, config) for index in chosen]
    return Validation(parts.fitted, tuple(clips))


def generated_validation(normals: pa.Table, generated: pa.Table, *, keeps_silence: bool = False) -> Validation:
    """Synthetic normal against synthetic anomalous clips, for detectors fitted to all real normals (Zhang, eq. 6).

    Args:
        normals: rows of CLIPS of one machine: its training clips.
        generated: rows of CLIPS of a folder of generated clips, of any machines: `asd_core.clips.list_archive` of it.
        keeps_silence: the silence of generated clips is not cut out.

    Raises:
        AsdError: no normal clips, or not both conditions of this machine among the generated.
    """
    if not len(normals):
        raise AsdError("no normal clips to fit to: generated clips are only judged on")
    machine_type, machine_id = normals["machine_type"][0].as_py(), normals["machine_id"][0].as_py()
    own = of_machine(generated, machine_type, machine_id)
    labelled = own.filter(pc.not_equal(own["condition"], ""))
    counts = {condition: labelled["condition"].to_pylist().count(condition) for condition in ("normal", "anomalous")}
    if not all(counts.values()):
        raise AsdError(
            f"{counts['normal']} normal and {counts['anomalous']} anomalous generated clips of {machine_type} "
            f"{machine_id} among {len(generated)}: both are needed, with machine and condition in their names"
        )
    kind = GENERATED_WHOLE if keeps_silence else GENERATED
    clips = [
        unchanged_clip(row, is_anomalous=row["condition"] == "anomalous", kind=kind) for row in labelled.to_pylist()
    ]
    rejected = own.filter(pc.equal(own["condition"], "")).to_pylist()
    message = "its name does not say whether it is meant to be normal or anomalous"
    return Validation(normals, tuple(clips), tuple(_rejected(row, "no_condition", message) for row in rejected))


def clips_of_no_machine(generated: pa.Table, machines: Sequence[tuple[str, str]]) -> list[RejectedClip]:
    """The generated clips that belong to none of these (machine type, machine id): once for a whole search."""
    message = "of no machine that is searched for: its name must say a machine type and id as real clips' do"
    known = set(machines)
    return [
        _rejected(row, "no_machine", message)
        for row in generated.to_pylist()
        if (row["machine_type"], row["machine_id"]) not in known
    ]


def unchanged_clip(row: Mapping[str, Any], *, is_anomalous: bool, kind: str = RECORDED) -> ValidationClip:
    """A row of CLIPS as a clip that gets no fault."""
    return ValidationClip(row["clip_id"], row["clip_id"], row["uri"], is_anomalous, row["domain"], kind)


def _with_fault(source: ValidationClip, name: str, kind: str, config: SimulatedConfig) -> ValidationClip:
    rng = generator(config.seed, "fault", kind, name)
    return ValidationClip(
        f"{source.recording_id}:{kind}",
        source.recording_id,
        source.uri,
        True,
        source.domain,
        kind,
        severity=float(rng.uniform(*config.severity)),
        seed=int(rng.integers(2**63)),
    )


def _rejected(row: dict[str, str], reason: str, message: str) -> RejectedClip:
    return RejectedClip(row["clip_id"], row["uri"], reason, message)
