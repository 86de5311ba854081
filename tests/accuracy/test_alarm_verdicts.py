from dataclasses import replace

import pytest

from tests.accuracy.alarm_rules import judged
from tests.accuracy.alarm_tables import LEARNT, WEEKLY, new_alarms
from tests.accuracy.alarm_verdicts import past
from tests.accuracy.simulated_scores import Fleet, scores


def test_alarms_are_counted_as_elsewhere_and_each_night_expects_what_it_puts_up_with():
    rules = replace(WEEKLY, false_alarms=1.0)
    found = judged(scores(Fleet(60, LEARNT + 10, 3, 1.0, 0.0, 3)), LEARNT, rules)
    counted = past(found, rules)
    assert counted.observed == new_alarms(found) > 0
    assert counted.expected == pytest.approx(10, rel=0.1) and counted.expected < 10
