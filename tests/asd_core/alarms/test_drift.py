import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from asd_core.alarms.drift import FEWEST_MACHINES, FleetNull, fleet_null, fleet_shift, machine_drift, two_sided

NULL = FleetNull(14, 0.01)


def drawn(machines=200, nights=1, seed=0):
    return np.random.default_rng(seed).normal(size=(2, machines, nights))


def test_the_null_is_the_mean_square_of_the_medians_of_the_dates():
    values = np.arange(30.0).reshape(3, 10)
    nights = np.repeat([4, 7, 9], 10)
    order = np.random.default_rng(0).permutation(30)
    null = fleet_null(nights[order], values.ravel()[order])
    assert null.nights == 3
    assert null.variance == pytest.approx(np.mean(np.median(values, axis=1) ** 2))


def test_dates_of_few_machines_and_unknown_nights_say_nothing_of_the_fleet():
    nights = np.repeat([0, 1, 2], [10, 4, 10])
    values = np.where(np.arange(24) >= 18, np.nan, 1.0)
    assert fleet_null(nights, values) == FleetNull(1, 1.0)
    assert fleet_null(np.empty(0, int), np.empty(0)) == FleetNull(0, 0.0)


def test_a_fleet_that_is_well_has_p_values_of_their_size():
    found = []
    for seed in range(400):
        learnt, tonight = drawn(50, 14, seed), drawn(50, 1, seed + 1000)
        null = fleet_null(np.tile(np.arange(14), 50), learnt[0].ravel())
        found.append(fleet_shift(tonight[0, :, 0], tonight[1, :, 0], null).p_value)
    assert np.mean(np.array(found) <= 0.1) == pytest.approx(0.08, abs=0.04)


def test_a_shift_of_all_machines_is_seen_and_taken_off():
    z = drawn()[:, :, 0]
    shift = fleet_shift(3 + z[0], 2 + z[1], NULL)
    assert shift.p_value < 1e-6
    assert fleet_shift(z[0], z[1], NULL).p_value > 0.05
    means, worst = shift.taken_from(3 + z[0], 2 + z[1])
    assert abs(np.median(means)) < 1e-9 > abs(np.median(worst))
    assert_array_equal(np.argsort(means), np.argsort(z[0]))


def test_one_machine_far_out_is_no_shift_of_the_fleet_and_stays_far_out():
    z = drawn()[:, :, 0]
    z[:, 7] = 30
    shift = fleet_shift(z[0], z[1], NULL)
    assert shift.p_value > 0.05
    assert shift.taken_from(z[0], z[1])[0][7] > 20


def test_machines_that_answer_differently_to_a_shift_are_judged_in_their_own_spread():
    answers = np.random.default_rng(1).uniform(0, 8, 200)
    means, _ = fleet_shift(answers, answers, NULL).taken_from(answers, answers)
    assert np.abs(means).max() < 2


def test_few_machines_or_few_learnt_nights_give_no_p():
    z = drawn(FEWEST_MACHINES - 1)[:, :, 0]
    shift = fleet_shift(9 + z[0], z[1], NULL)
    assert math.isnan(shift.p_value)
    assert_array_equal(shift.taken_from(z[0], z[1]), z)
    assert math.isnan(fleet_shift(9 + np.zeros(50), np.zeros(50), FleetNull(4, 0.01)).p_value)


def test_the_last_nights_of_a_machine_that_is_well_have_p_values_of_their_size():
    generator = np.random.default_rng(0)
    learnt, last = generator.normal(size=(4000, 10)), generator.normal(size=(4000, 14))
    spread = learnt.std(axis=1, ddof=1, keepdims=True) * math.sqrt(1 + 1 / 10)
    z = (last - learnt.mean(axis=1, keepdims=True)) / spread
    found = machine_drift(z, z, np.full(4000, 10), np.full(4000, 9.0))
    for level in (0.2, 0.05, 0.01):
        assert np.mean(found.p_values <= level) == pytest.approx(level, rel=0.3)


def test_a_machine_that_lies_elsewhere_is_judged_by_its_last_nights():
    means, worst = drawn(2, 14)
    means[1] -= 5
    found = machine_drift(means, worst, np.array([14, 14]), np.array([13.0, 13.0]))
    drifts = found.p_values < 1e-3
    assert drifts.tolist() == [False, True]
    tonight = np.array([1.0, -5.0])
    judged, _ = found.taken_from(tonight, tonight, drifts)
    assert judged[0] == 1.0
    # As many last nights as learnt ones: a night's own spread is all that is left.
    assert judged[1] == pytest.approx((-5 - means[1].mean()) / max(1, means[1].std(ddof=1)))


def test_few_known_nights_tell_of_no_drift():
    values = np.full((1, 14), 9.0)
    values[:, 6:] = np.nan
    assert np.isnan(machine_drift(values, values, np.array([14]), np.array([13.0])).p_values).all()
    nothing = np.empty((1, 0))
    assert np.isnan(machine_drift(nothing, nothing, np.array([14]), np.array([13.0])).p_values).all()


def test_p_values_have_both_sides():
    asked, freedom = np.array([-3.0, 0.0, 3.0]), np.array([13, 13, 13])
    assert_allclose(two_sided(asked, freedom), 2 * stats.t.sf(np.abs(asked), 13), rtol=0.05)
