"""The line that tells what became of one machine in a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asd_core.pipeline.machine_tasks import FitOutcome


def fit_line(outcome: FitOutcome) -> str:
    """A machine's threshold and expected false alarms, or why it has no scorer."""
    name = f"{outcome.machine_type} {outcome.machine_id}"
    if outcome.error is not None:
        return f"{name}: no scorer: {outcome.error}"
    if outcome.version is None:
        return "; ".join([f"{name}: no scorer of its own", *outcome.notes])
    rate = outcome.false_alarm_rate
    expected = "unknown" if rate is None or math.isnan(rate) else f"{rate:.0%}"
    labelled = f" ({outcome.labelled_normal} by label)" if outcome.labelled_normal else ""
    line = f"{name}: {outcome.normal_clips} normal clips{labelled}, threshold {outcome.threshold:.6g}, "
    apart = "" if outcome.left_out == "clip" else f", each {outcome.left_out} left out"
    return "; ".join([f"{line}false alarms on unseen normals {expected}{apart}", *outcome.notes])


def type_line(machine_type: str, clips: int, lenders: int, rate: float | None, error: str | None) -> str:
    """A machine type's scorer, or why it has none.

    Args:
        machine_type: whose.
        clips: normal clips that it learnt.
        lenders: machines that they are of.
        rate: share of the clips of a machine left out that are flagged; None for unknown.
        error: why there is no scorer; None where there is one.
    """
    if error is not None:
        return f"new machines of type {machine_type} have no bank: {error}"
    expected = "unknown" if rate is None else f"{rate:.0%}"
    return (
        f"new machines of type {machine_type} are judged by {clips} normal clips of {lenders} machines, "
        f"false alarms on a machine left out {expected}"
    )
