import numpy as np
import pytest
from scipy.stats import binomtest

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.episodes import episodes
from asd_core.alarms.labelled_alarms import LabelledAlarms, labelled_alarms

FAULT, NORMAL, IGNORED = NightAnswer("fault"), NightAnswer("normal"), NightAnswer("ignore", until="2026-12-01")
ALONE = episodes(np.array([[0.0, 0, 0, 1, 1, 0], [1.0] * 6]), np.full(6, 0.1), clear_after=2, quiet_above=0.5)


def counts(answers, night=5):
    found = labelled_alarms(ALONE, answers, night)
    return found.alarms, found.faults


def test_an_alarm_counts_once_however_many_of_its_nights_are_labelled():
    assert counts({(0, 0): FAULT, (0, 1): FAULT, (0, 5): NORMAL}) == (2, 1)
    assert counts({(0, 0): NORMAL, (0, 1): FAULT}) == (1, 1)


def test_nights_without_an_alarm_later_ones_and_ignored_ones_do_not_count():
    assert counts({(1, 0): FAULT, (0, 4): NORMAL, (0, 2): IGNORED}) == (0, 0)
    assert counts({(0, 0): FAULT, (0, 5): NORMAL}, night=4) == (1, 1)


@pytest.mark.parametrize(("alarms", "faults"), [(12, 9), (1, 0), (1, 1), (40, 0)])
def test_the_interval_is_that_of_clopper_and_pearson(alarms, faults):
    exact = binomtest(faults, alarms).proportion_ci(0.95, "exact")
    assert LabelledAlarms(alarms, faults).interval == pytest.approx((exact.low, exact.high))


def test_the_counts_are_told_in_words():
    assert LabelledAlarms(0, 0).sentence() == ""
    assert LabelledAlarms(1, 1).sentence().startswith("Of 1 labelled alarm 1 was a fault (3 to 100 %")
    assert LabelledAlarms(3, 0).sentence().startswith("Of 3 labelled alarms 0 were faults (0 to 71 %")
