"""The line that tells what became of one machine in a fit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asd_core.pipeline.machine_tasks import FitOutcome
    from asd_core.pipeline.machine_updates import UpdateOutcome

_NAMED = 10  # machines in a note


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


def update_lines(outcomes: Sequence[UpdateOutcome], apart: Sequence[str]) -> list[str]:
    """A line for each machine that was refitted, and one on the machines that stand apart.

    Args:
        outcomes: of an update.
        apart: names of the machines of which no night joins, because they moved without the fleet.
    """
    lines = []
    for one in outcomes:
        name = f"{one.machine_type} {one.machine_id}"
        if one.refused:
            lines.append(f"{name}: its scorer stays: {one.refused}")
        elif one.is_new:
            lines.append(
                f"{name}: {one.nights} nights joined, {one.normal_clips} normal clips, of {one.held_out} clips of the "
                f"last nights {one.flagged} are flagged ({one.flagged_now} before), now {one.version}"
            )
        else:
            lines.append(f"{name}: the same clips as before")
    if apart:
        shown = ", ".join(apart[:_NAMED]) + (f" and {len(apart) - _NAMED} more" if len(apart) > _NAMED else "")
        lines.append(
            f"note: {shown}: moved without the fleet, so no night joins; label one normal, or fit again, if all is well"
        )
    return lines
