"""Validation clips whose condition is really known."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import UsageError
from asd_core.synthesis import RECORDED, Validation, ValidationClip


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
    return found, {f"{one['machine_type']} {one['machine_id']}": "no normal clips to fit to" for one in left_out}


def _machines(clips: pa.Table) -> list[dict[str, str]]:
    machines = clips.group_by(["machine_type", "machine_id"]).aggregate([]).to_pylist()
    return sorted(machines, key=lambda row: (row["machine_type"], row["machine_id"]))


def _of_machine(clips: pa.Table, machine: dict[str, str]) -> pa.Table:
    is_own = [pc.equal(clips[name], machine[name]) for name in ("machine_type", "machine_id")]
    return clips.filter(pc.and_(*is_own)).sort_by("uri")


def recorded(row: dict[str, Any], is_anomalous: bool) -> ValidationClip:
    """A clip to be used as it was recorded, from its row of CLIPS."""
    return ValidationClip(row["clip_id"], row["clip_id"], row["uri"], is_anomalous, row["domain"], RECORDED)
