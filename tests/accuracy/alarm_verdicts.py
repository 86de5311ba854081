"""How often past alarms are told as far from what was expected: `python -m tests.accuracy.alarm_verdicts [FIRST LAST]`.

Fleets of well machines on the seeds FIRST to LAST, 36 to 59 if not said otherwise. Beside them fleets whose p is taken
a number of times too small, as a calibration that is off has it.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

from asd_core.alarms.over_nights import FleetNights
from asd_core.alarms.past_alarms import PastAlarms, expected_new
from asd_core.recipe.alarm_settings import AlarmConfig
from tests.accuracy.alarm_rules import judged
from tests.accuracy.alarm_tables import LEARNT, MACHINES, NIGHTS, RATES, WEEKLY, fleet, mean_and_error, table
from tests.accuracy.simulated_scores import scores

OFF = {"right": 1.0, "3 times too many alarms": 3.0, "10 times too many": 10.0}


def past(found: FleetNights, rules: AlarmConfig) -> PastAlarms:
    """New alarms of judged nights against those expected, as the page of all nights counts them."""
    states = found.episodes.states
    expected = [
        expected_new(
            found.p_values[:, night],
            found.p_floors[:, night],
            (states[:, night] == "continuing") | (states[:, night] == "cleared"),
            rules.false_alarms,
            rules.rule,
        )
        for night in range(states.shape[1])
    ]
    return PastAlarms(states.shape[1], int((states == "new").sum()), sum(expected))


def main() -> None:
    first, last = map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (36, 59)
    fleets = [scores(fleet(seed)) for seed in range(first, last + 1)]
    rows = []
    for name, factor in OFF.items():
        for rate, number in RATES.items():
            told = replace(WEEKLY, false_alarms=number)
            asked = replace(WEEKLY, false_alarms=number * factor)
            found = [past(judged(one, LEARNT, asked), told) for one in fleets]
            verdicts = Counter(one.verdict for one in found)
            beyond = sum(min(one.p_more, one.p_fewer) <= 0.025 for one in found)
            counts = [mean_and_error([one.observed for one in found]), f"{found[0].expected:.2g}"]
            rows.append([name, rate, *counts, str(beyond), str(verdicts["more"]), str(verdicts["fewer"])])
    columns = ["calibration", "asked for", "new alarms", "expected", "outside 95 %", "told: more", "told: fewer"]
    table(f"Verdicts on {len(fleets)} fleets of {MACHINES} well machines in {NIGHTS} nights", columns, rows)


if __name__ == "__main__":
    main()
