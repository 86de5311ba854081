"""Validations without a real anomaly, of every machine of an archive (Zhang et al., FS-TWFR-GMM, eq. 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError, UsageError
from asd_core.synthesis import (
    SimulatedConfig,
    Validation,
    clips_of_no_machine,
    generated_validation,
    simulated_validation,
)
from asd_core.synthesis.validation import recorded


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
    for machine in _machines(normals):
        try:
            found.append(make(_of_machine(normals, machine)))
        except AsdError as error:
            left_out[" ".join(machine)] = str(error)
    return found, left_out


def _machines(clips: pa.Table) -> list[tuple[str, str]]:
    """(machine type, machine id) of every machine among the clips."""
    rows = clips.group_by(["machine_type", "machine_id"]).aggregate([]).to_pylist()
    return sorted((row["machine_type"], row["machine_id"]) for row in rows)


def labelled_validations(normals: pa.Table, labelled: pa.Table) -> tuple[list[Validation], dict[str, str]]:
    """What real labels say: the normal clips to fit to, and clips of known condition to judge on, machine by machine.

    Args:
        normals: rows of CLIPS.
        labelled: rows of CLIPS; those of unknown condition are left out, and those that are among the normals.

    Returns:
        One a machine that has normal clips, and "type id" → why another has none.

    Raises:
        UsageError: no clip is left to judge on.
    """
    known = labelled.filter(pc.not_equal(labelled["condition"], ""))
    known = known.filter(pc.invert(pc.is_in(known["clip_id"], value_set=normals["clip_id"].combine_chunks())))
    if not len(known):
        raise UsageError(
            f"none of the {len(labelled)} clips is known to be normal or anomalous beyond those fitted to: use DCASE "
            "file names or a manifest with a column condition, or search with --validation simulated"
        )
    found, fitted = [], _machines(normals)
    for machine in fitted:
        own, judged = (_of_machine(table, machine) for table in (normals, known))
        rows = judged.select(["clip_id", "uri", "condition", "domain"]).to_pylist()
        found.append(Validation(own, tuple(recorded(row, row["condition"] == "anomalous") for row in rows)))
    left_out = [machine for machine in _machines(known) if machine not in fitted]
    return found, {" ".join(machine): "no normal clips to fit to" for machine in left_out}


def _of_machine(clips: pa.Table, machine: tuple[str, str]) -> pa.Table:
    machine_type, machine_id = machine
    is_own = pc.and_(pc.equal(clips["machine_type"], machine_type), pc.equal(clips["machine_id"], machine_id))
    return clips.filter(is_own).sort_by("uri")
