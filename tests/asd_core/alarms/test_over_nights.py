from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from asd_core.alarms.calibration import calibrate
from asd_core.alarms.discoveries import Rule
from asd_core.alarms.drift import fleet_null
from asd_core.alarms.machine_nights import machine_nights
from asd_core.alarms.over_nights import judge_nights
from tests.accuracy.simulated_scores import Fault, Fleet, scores

LEARNT = 14


@dataclass(frozen=True)
class Rules:
    false_alarms: float = 1 / 7
    rule: Rule = "family"
    persistence: tuple[int, ...] = (1, 1)
    clear_after: int = 2
    least_nights: int = 7
    watch: float = 0.01
    drift: float = 0.001


def nights_of(values, first=0):
    machines, nights, _ = np.indices(values.shape)
    return machine_nights(values.ravel(), machines.ravel(), nights.ravel() + first)


def judged(values, rules=None, learnt=LEARNT):
    normal = nights_of(values[:, :learnt])
    calibration = calibrate(normal, len(values))
    null = fleet_null(normal.nights, calibration.null_means)
    return judge_nights(calibration, null, nights_of(values[:, learnt:], learnt), rules or Rules())


def fleet(nights=44, seed=0, **changes):
    return Fleet(machines=60, nights=nights, seed=seed, **changes)


def test_a_fleet_that_is_well_has_few_alarms_and_no_drift():
    found = judged(scores(fleet()))
    assert (found.episodes.states == "new").sum() <= 10  # 4.3 are expected
    assert not found.fleet_shifted.any()
    assert np.mean(found.drifts) < 0.01
    assert_array_equal(found.nights, np.arange(LEARNT, 44))


def test_a_shift_of_the_fleet_is_one_finding_each_night_and_not_an_alarm_of_each_machine():
    values = scores(fleet(), fleet_changes={24: 3.0})
    found, without = judged(values), judged(values, Rules(drift=0.0))
    assert_array_equal(found.fleet_shifted, found.nights >= 24)
    assert (found.tiers == "act").sum() <= 15 < 200 < (without.tiers == "act").sum()


def test_a_severe_fault_stands_out_from_a_shift_of_the_fleet():
    faults = (Fault((3,), 30, "all", "severe"),)
    found = judged(scores(fleet(), faults, {24: 1.0}))
    assert (found.tiers[3, 30 - LEARNT :] == "act").mean() > 0.5


def test_a_machine_that_wanders_drifts_and_a_severe_fault_of_it_is_an_alarm_all_the_same():
    values = scores(fleet(nights=74))
    deviation = values[5, :LEARNT].std()
    values[5] += np.maximum(np.arange(74) - LEARNT, 0)[:, None] * 0.06 * deviation
    found = judged(values)
    assert found.drifts[5, 45:].mean() > 0.9
    assert found.drifted_by[5, -1] > 1
    assert (found.tiers[5] == "act").sum() <= 6
    values[5, -1] += 8 * deviation
    assert judged(values).tiers[5, -1] == "act"


def test_a_lasting_fault_does_not_become_the_normal_state():
    values = scores(fleet(), (Fault((3,), 20, "all", "severe"),))
    values[3, 20:] += 6 * values[3, :LEARNT].std()
    found = judged(values)
    assert (found.tiers[3, 20 - LEARNT :] == "act").all()
    assert found.episodes.since[3, -1] == 20 - LEARNT
    assert found.settled[3].any() and found.settled.sum() == found.settled[3].sum()


def test_later_nights_change_nothing_of_earlier_ones():
    values = scores(fleet(drift=2.0))
    whole, start = judged(values), judged(values[:, :34])
    assert_array_equal(whole.tiers[:, :20], start.tiers)
    assert_array_equal(whole.p_values[:, :20], start.p_values)
    assert_array_equal(whole.drifts[:, :20], start.drifts)


def test_machines_that_were_not_heard_or_learnt_too_little_are_not_decided():
    values = scores(fleet(nights=20))
    values[0, 16] = np.nan
    values[1, 6:LEARNT] = np.nan
    found = judged(values)
    assert found.tiers[0].tolist().index("not_decided") == 2
    assert (found.tiers[1] == "not_decided").all()
    assert (found.tiers[2:] != "not_decided").all()


def test_persistence_asks_for_more_than_one_night():
    values = scores(fleet(nights=24))
    values[3, 18] += 1e3
    assert judged(values).tiers[3, 4] == "act"
    asked = judged(values, Rules(persistence=(2, 3)))
    assert asked.tiers[3, 4] == "watch"
    values[3, 20] += 1e3
    assert judged(values, Rules(persistence=(2, 3))).tiers[3, 6] == "act"


@pytest.mark.parametrize("rule", ["family", "bh"])
def test_fewer_false_alarms_are_fewer_alarms(rule):
    values = scores(fleet(), (Fault(tuple(range(20)), 24, "all", "moderate"),))
    counts = [judged(values, Rules(n, rule)).episodes.in_alarm.sum() for n in (1.0, 1 / 7, 1 / 30)]
    assert counts[0] >= counts[1] >= counts[2] > 0
