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
    rate = outcome.false_alarm_rate
    expected = "unknown" if rate is None or math.isnan(rate) else f"{rate:.0%}"
    labelled = f" ({outcome.labelled_normal} by label)" if outcome.labelled_normal else ""
    line = f"{name}: {outcome.normal_clips} normal clips{labelled}, threshold {outcome.threshold:.6g}, "
    return "; ".join([f"{line}false alarms on unseen normals {expected}", *outcome.notes])
