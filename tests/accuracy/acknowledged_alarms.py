"""How long acknowledged alarms stay quiet, a table of docs/alarms.md: `python -m tests.accuracy.acknowledged_alarms`.

Faults begin on the 20th judged night. Each machine's first alarm in the ten nights after is labelled as a fault on its
first night. Then the fault stays as it is, or another as strong is added ten nights after the first. Rule: one false
alarm a week. Fleets of the seeds 36 to 47.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.calibration import calibrate
from asd_core.alarms.drift import fleet_null
from asd_core.alarms.labelled_nights import LabelledNights, with_answers
from asd_core.alarms.over_nights import FleetNights, judge_distances
from tests.accuracy.alarm_rules import Floats, nights_of
from tests.accuracy.alarm_tables import FAULTY, LEARNT, ONSET, WEEK, WEEKLY, fleet, table
from tests.accuracy.simulated_scores import Fault, scores

FIRST, WORSE = ONSET - LEARNT, ONSET - LEARNT + 10  # judged nights of the fault, and of the added one
FAULT = NightAnswer("fault")


def labelled(values: Floats) -> tuple[FleetNights, LabelledNights, dict[int, int]]:
    """Judged nights, the same with labels, and machine → the night on which its alarm was labelled."""
    normal, later = nights_of(values[:, :LEARNT]), nights_of(values[:, LEARNT:], LEARNT)
    calibration = calibrate(normal, len(values))
    null = fleet_null(normal.nights, calibration.null_means)
    shape = (len(values), values.shape[1] - LEARNT)
    distances = np.array(calibration.standardise(later)).reshape(2, *shape)
    clips = np.full(shape, values.shape[2])
    found = judge_distances(calibration, null, np.arange(shape[1]), distances, clips, WEEKLY)
    raised = found.episodes.states[list(FAULTY), FIRST:WORSE] == "new"
    night_of = {FAULTY[row]: FIRST + int(raised[row].argmax()) for row in np.flatnonzero(raised.any(axis=1))}
    answers = {(machine, night): FAULT for machine, night in night_of.items()}
    dates = [f"{night:03d}" for night in range(shape[1])]
    return found, with_answers(found, distances, dates, answers, calibration.means.learnt, WEEKLY), night_of


def nights_to_return(found: LabelledNights, night_of: dict[int, int], since: int | None = None) -> Floats:
    """Nights until each acknowledged alarm is back in the same episode; inf where it ends or stays quiet.

    Counted from the label, or from a later night up to which it stayed quiet; NaN where it did not.
    """
    back = []
    for machine, night in night_of.items():
        states, quiet = found.episodes.states[machine, night:], found.acknowledged[machine, night:]
        ends = np.flatnonzero(states == "cleared")
        open_nights = np.flatnonzero(~quiet & (states == "continuing"))
        own = open_nights[open_nights < (ends[0] if len(ends) else len(states))]
        start = 0 if since is None else since - night
        if since is not None and ((len(own) and own[0] < start) or (len(ends) and ends[0] < start)):
            back.append(np.nan)
        else:
            back.append(own[0] - start + (since is not None) if len(own) else np.inf)
    return np.array(back, float)


def main(seeds: Sequence[int]) -> None:
    rows = []
    for kind in ("rare", "all"):
        for severity in ("moderate", "severe"):
            same, worse = [], []
            for seed in seeds:
                fault = Fault(FAULTY, ONSET, kind, severity)
                _, found, night_of = labelled(scores(fleet(seed), (fault,)))
                same.append(nights_to_return(found, night_of))
                added = Fault(FAULTY, LEARNT + WORSE, kind, severity)
                _, found, night_of = labelled(scores(fleet(seed), (fault, added)))
                worse.append(nights_to_return(found, night_of, WORSE))
            stays, grows = np.concatenate(same), np.concatenate(worse)
            grows = grows[~np.isnan(grows)]
            shares = [f"{(stays <= n).mean():.0%}" for n in (WEEK, 30)] + [
                f"{(grows <= n).mean():.0%}" for n in (3, WEEK)
            ]
            rows.append([f"{kind}, {severity}", str(len(stays)), *shares, str(len(grows))])
    columns = ["fault", "acknowledged", "back in a week", "in 30 nights"]
    columns += ["twice as strong: back in 3 nights", "in a week", "of"]
    table("Acknowledged alarms that come back by themselves", columns, rows)


if __name__ == "__main__":
    main(range(36, 48))
