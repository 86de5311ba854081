"""Validations without a real anomaly, of every machine of an archive (Zhang et al., FS-TWFR-GMM, eq. 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.synthesis import (
    SimulatedConfig,
    Validation,
    clips_of_no_machine,
    generated_validation,
    simulated_validation,
)


def simulated_validations(normals: pa.Table, seed: int) -> tuple[list[Validation], dict[str, str]]:
    """Faults put into some of each machine's normal clips, which no setting is then fitted to.

    Args:
        normals: rows of CLIPS.
        seed: of the split and the faults.

    Returns:
        One a machine, and "type id" → why a machine has none.
    """
    config = SimulatedConfig(seed=seed)
    return _of_each(normals, lambda own: simulated_validation(own, config))


def generated_validations(normals: pa.Table, generated: pa.Table) -> tuple[list[Validation], dict[str, str]]:
    """A generator's normal against its anomalous clips of each machine.

    Args:
        normals: rows of CLIPS.
        generated: rows of CLIPS of the generated clips, of any machines.

    Returns:
        One a machine, and "type id" → why a machine has none. Clips of no machine are rejected by the first one.
    """
    found, left_out = _of_each(normals, lambda own: generated_validation(own, generated))
    strays = clips_of_no_machine(generated, _machines(normals))
    first = [replace(one, rejected=(*one.rejected, *strays)) for one in found[:1]]
    return first + found[1:], left_out


def _of_each(normals: pa.Table, make: Callable[[pa.Table], Validation]) -> tuple[list[Validation], dict[str, str]]:
    found, left_out = [], {}
    for machine_type, machine_id in _machines(normals):
        is_own = pc.and_(pc.equal(normals["machine_type"], machine_type), pc.equal(normals["machine_id"], machine_id))
        try:
            found.append(make(normals.filter(is_own).sort_by("uri")))
        except AsdError as error:
            left_out[f"{machine_type} {machine_id}"] = str(error)
    return found, left_out


def _machines(clips: pa.Table) -> list[tuple[str, str]]:
    """(machine type, machine id) of every machine among the clips."""
    rows = clips.group_by(["machine_type", "machine_id"]).aggregate([]).to_pylist()
    return sorted((row["machine_type"], row["machine_id"]) for row in rows)
