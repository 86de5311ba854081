from dataclasses import replace

import numpy as np

from asd_core.pages.fleet.drift_lines import drifting_machines, fleet_shifts
from tests.asd_core.pages.fleet.histories import history


def test_nights_in_a_row_on_one_side_are_one_line_and_the_newest_comes_first():
    fleet = history({("fan", "1"): "······"})
    shifts = [1.24, 1.6, -2.0, None, 0.5, None]
    nights = [replace(night, fleet_shift=shift) for night, shift in zip(fleet.nights, shifts, strict=True)]
    assert fleet_shifts(replace(fleet, nights=nights)) == [
        "2026-11-05: the whole fleet lay 0.5 deviations higher",
        "2026-11-03: the whole fleet lay 2.0 deviations lower",
        "2026-11-01 to 2026-11-02 (2 nights): the whole fleet lay 1.2 to 1.6 deviations higher",
    ]


def test_machines_that_drift_are_told_since_when_the_farthest_first():
    drifts = np.array([[True, False, True], [True, True, True], [False, False, False]])
    drawn = {("fan", name): "···" for name in "abc"}
    fleet = history(drawn, drifts=drifts, drifted_by=np.array([1.0, -2.5, np.nan]))
    assert drifting_machines(fleet) == (
        ["fan b lies 2.5 deviations lower, since 2026-11-01", "fan a lies 1.0 deviations higher, since 2026-11-03"],
        0,
    )


def test_many_that_drift_are_counted():
    fleet = history({("fan", str(n)): "·" for n in range(25)}, drifted_by=np.arange(1.0, 26.0))
    lines, more = drifting_machines(fleet)
    assert (len(lines), more) == (20, 5) and lines[0].startswith("fan 24 lies 25.0")
