"""Fitting the scorers of machine types, one task a type, from clips that its machines lend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.occasions import numbered
from asd_core.errors import AsdError
from asd_core.pipeline.groups_left_out import GroupsLeftOut
from asd_core.pipeline.lenders import LEAST_LENDERS
from asd_core.pipeline.machine_fits import scorer_of_rows
from asd_core.pipeline.machine_tasks import MachineTask
from asd_core.pipeline.reducer import MachineGroup
from asd_core.pipeline.scorer import Scorer
from asd_core.pipeline.threads import one_thread
from asd_core.pipeline.type_files import save_type_scorer
from asd_core.pipeline.type_scorers import ALL_MACHINES
from asd_core.store.tables import first_of_each


@dataclass(frozen=True)
class TypeOutcome:
    """The outcome of `fit` for one machine type.

    Attributes:
        machine_type: whose.
        clips: normal clips that were learnt.
        lenders: machines that they are of.
        version: of the scorer; None where there is none, and `error` says why.
        is_new: False where the newest version was this very one.
        false_alarm_rate: see `Scorer.false_alarm_rate`; None where it is not known.
        error: one line.
    """

    machine_type: str
    clips: int
    lenders: int
    version: str | None = None
    is_new: bool = False
    false_alarm_rate: float | None = None
    error: str | None = None


def fit_type(task: MachineTask) -> TypeOutcome:
    """Fit and commit the scorer of one machine type; a type that cannot be fitted stops no other.

    Args:
        task: its clips are those of several machines of the type.
    """
    group = MachineGroup(task)
    machine_type = task.clips["machine_type"][0].as_py()
    with one_thread():
        good = group.rows(machine_type, task.clips)
        good = good.filter(pc.is_null(good["error_reason"]))
        clips = first_of_each(good, "clip_id")
        lenders = sorted(set(clips["machine_id"].to_pylist()))
        try:
            scorer = _scorer(group, machine_type, good, lenders)
            version, is_new = save_type_scorer(group.store, task.key, scorer, clips)
        except (AsdError, ValueError, ArithmeticError) as error:  # the latter two from within a library
            return TypeOutcome(machine_type, len(clips), len(lenders), error=str(error))
    rate = None if np.isnan(scorer.false_alarm_rate) else scorer.false_alarm_rate
    return TypeOutcome(machine_type, len(clips), len(lenders), version, is_new, rate)


def _scorer(group: MachineGroup, machine_type: str, good: pa.Table, lenders: Sequence[str]) -> Scorer:
    """The scorer of a type, each machine left out for its unseen scores."""
    if len(lenders) < LEAST_LENDERS:
        raise AsdError(f"{len(lenders)} machines have clips that can be used, {LEAST_LENDERS} are needed")
    groups = GroupsLeftOut("machine", numbered(good["machine_id"].to_pylist()))
    return scorer_of_rows(group, machine_type, ALL_MACHINES, good, groups, lenders)
