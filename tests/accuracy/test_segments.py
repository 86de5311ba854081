import numpy as np
import pytest

from asd_core.audio.segments import Cut
from tests.accuracy.segments import FINDERS, embedded, false_alarms, flagged, learnt, recordings


@pytest.mark.slow
@pytest.mark.parametrize("spread", [0.5, 1.5])
@pytest.mark.parametrize("detector", ["twfr-knn", "twfr-density-knn"])
def test_false_alarms_are_a_tenth_of_unseen_recordings_of_10_60_and_600_seconds(detector, spread):
    rates = false_alarms(detector, spread, fits=20)
    assert all(0.07 <= rate <= 0.13 for rate in rates.values()), rates


@pytest.mark.slow
@pytest.mark.parametrize(
    ("detector", "cut"),
    [("twfr-knn", Cut(5, 2.5)), ("twfr-density-knn", Cut(5, 2.5)), ("fleet", Cut(10, 10))],
)
def test_a_fault_of_3_seconds_is_found_in_60_as_often_as_in_10_by_the_older_rule(detector, cut):
    found = []
    for seconds, own in ((10, Cut(10, 10)), (60, cut)):
        scorer = learnt(detector, *embedded(recordings(1, 40, seconds), own, FINDERS[detector]))
        lots = (recordings(seed, 40, seconds, level) for seed, level in ((2, 0.01), (3, 0.02)))
        found.append([flagged(scorer, *embedded(lot, own, FINDERS[detector])) for lot in lots])
    assert (np.array(found[1]) >= np.array(found[0])).all(), found
