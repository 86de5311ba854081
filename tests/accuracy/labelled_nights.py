"""False alarms that are learnt as nights, a table of docs/alarms.md: `python -m tests.accuracy.labelled_nights`.

A normal fleet of 200 machines is judged for 60 nights at one false alarm a week. Its alarms are labelled normal. Then
60 further nights are judged, with faults of 50 machines in the last 40 of them: by the learnt nights as they were, and
by these and the labelled ones. Fleets of the seeds 36 to 47.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from asd_core.alarms.calibration import calibrate
from asd_core.alarms.drift import fleet_null
from asd_core.alarms.machine_nights import machine_nights
from asd_core.alarms.over_nights import FleetNights, judge_nights
from tests.accuracy.alarm_rules import Floats, judged, nights_of, nights_to_alarm
from tests.accuracy.alarm_tables import FAULTY, LEARNT, NIGHTS, WEEK, WEEKLY, fleet, mean_and_error, table
from tests.accuracy.simulated_scores import Fault, scores

SECOND = LEARNT + NIGHTS  # first night of the second time
ONSET = SECOND + 20


def judged_by_more(values: Floats, extra: Sequence[tuple[int, int]]) -> FleetNights:
    """The second nights, judged by the learnt ones and by further nights (machine, night)."""
    machines, nights, _ = np.indices(values.shape)
    is_learnt = nights < LEARNT
    for machine, night in extra:
        is_learnt[machine, night] = True
    normal = machine_nights(values[is_learnt], machines[is_learnt], nights[is_learnt])
    calibration = calibrate(normal, len(values))
    null = fleet_null(normal.nights, calibration.null_means)
    return judge_nights(calibration, null, nights_of(values[:, SECOND:], SECOND), WEEKLY)


def false_alarms_of(values: Floats) -> list[tuple[int, int]]:
    """Machine and night of the new alarms of the first nights, none of which is a fault."""
    states = judged(values[:, :SECOND], LEARNT, WEEKLY).episodes.states
    return [(int(machine), int(night) + LEARNT) for machine, night in zip(*np.nonzero(states == "new"), strict=True)]


def main(seeds: Sequence[int]) -> None:
    rows = []
    for name in ("learnt nights alone", "labelled nights too"):
        labels, alarms, found = [], [], dict[str, list[float]]()
        for seed in seeds:
            size = replace(fleet(seed), nights=SECOND + NIGHTS)
            normal = scores(size)
            labelled = false_alarms_of(normal)
            extra = labelled if name.startswith("labelled") else []
            labels.append(len(labelled))
            alarms.append(float((judged_by_more(normal, extra).episodes.states == "new").sum()))
            for kind, severity in (("rare", "moderate"), ("rare", "severe"), ("all", "severe")):
                later = judged_by_more(scores(size, (Fault(FAULTY, ONSET, kind, severity),)), extra)
                in_alarm = later.episodes.in_alarm[list(FAULTY), ONSET - SECOND :]
                found.setdefault(f"{kind}, {severity}", []).append(float((nights_to_alarm(in_alarm) <= WEEK).mean()))
        shares = [f"{np.mean(one):.0%}" for one in found.values()]
        rows.append([name, f"{np.mean(labels):.1f}", mean_and_error(alarms), *shares])
    table("False alarms learnt as nights", ["judged by", "labelled", "alarms in 60 nights", *found], rows)


if __name__ == "__main__":
    main(range(36, 48))
