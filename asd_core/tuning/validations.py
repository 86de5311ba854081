"""Validations of every machine of an archive: the clips that settings are fitted to, and those they are judged on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.selection import of_machine
from asd_core.errors import AsdError, UsageError
from asd_core.synthesis.validation import (
    GENERATED,
    SimulatedConfig,
    Validation,
    clips_of_no_machine,
    generated_validation,
    simulated_validation,
    unchanged_clip,
)

Validations = tuple[list[Validation], dict[str, str]]
"""One validation a machine, and "machine type machine id" → the reason why a machine has none."""


def simulated_validations(normals: pa.Table, seed: int) -> Validations:
    """Validations on faults put into some of each machine's normal clips, which no setting is then fitted to.

    Args:
        normals: rows of CLIPS.
        seed: of the split and the faults.
    """
    config = SimulatedConfig(seed=seed)
    return _of_each(normals, lambda own: simulated_validation(own, config))


def generated_validations(normals: pa.Table, generated: pa.Table, *, keeps_silence: bool = False) -> Validations:
    """Validations on a generator's normal and anomalous clips of each machine (Zhang et al., FS-TWFR-GMM, eq. 6).

    Clips of no machine are among the rejected ones of the first machine.

    Args:
        normals: rows of CLIPS.
        generated: rows of CLIPS of the generated clips, of any machines.
        keeps_silence: their silence is not cut out.
    """
    found, left_out = _of_each(normals, lambda own: generated_validation(own, generated, keeps_silence=keeps_silence))
    strays = clips_of_no_machine(generated, _machines(normals))
    first = [replace(one, rejected=(*one.rejected, *strays)) for one in found[:1]]
    return first + found[1:], left_out


def labelled_validations(normals: pa.Table, labelled: pa.Table) -> Validations:
    """Validations on real labels, for each machine that has normal clips.

    Args:
        normals: rows of CLIPS to fit to.
        labelled: rows of CLIPS to judge on; clips of unknown condition and those among the normals are left out.

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

    def validation(own: pa.Table) -> Validation:
        machine = own["machine_type"][0].as_py(), own["machine_id"][0].as_py()
        rows = of_machine(known, *machine).sort_by("uri").to_pylist()
        clips = (unchanged_clip(row, is_anomalous=row["condition"] == "anomalous") for row in rows)
        return Validation(own, tuple(clips))

    found, left_out = _of_each(normals, validation)
    fitted = set(_machines(normals))
    unfitted = [" ".join(machine) for machine in _machines(known) if machine not in fitted]
    return found, {**left_out, **dict.fromkeys(unfitted, "no normal clips to fit to")}


def steps_of(validations: Sequence[Validation]) -> dict[str, dict[str, str]]:
    """The record's part on the steps that generated clips go through before they are heard; empty without any."""
    kinds = {clip.kind for one in validations for clip in one.clips if clip.is_generated}
    if not kinds:
        return {}
    silence = "cut out" if GENERATED in kinds else "kept"
    level = "brought to the median of the machine's real normal clips"
    return {"generated_clips": {"silence": silence, "level": level}}


def _of_each(normals: pa.Table, make: Callable[[pa.Table], Validation]) -> Validations:
    """Make the validation of each machine from its normal clips, sorted by address."""
    found, left_out = [], {}
    for machine in _machines(normals):
        try:
            found.append(make(of_machine(normals, *machine).sort_by("uri")))
        except AsdError as error:
            left_out[" ".join(machine)] = str(error)
    return found, left_out


def _machines(clips: pa.Table) -> list[tuple[str, str]]:
    """Machine type and machine id of every machine among the clips, sorted."""
    rows = clips.group_by(["machine_type", "machine_id"]).aggregate([]).to_pylist()
    return sorted((row["machine_type"], row["machine_id"]) for row in rows)
