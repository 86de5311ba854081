import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.alarms.calibration import ENOUGH_NIGHTS, calibrate
from asd_core.alarms.machine_nights import machine_nights
from asd_core.alarms.standard_nights import FEWEST_NIGHTS
from asd_core.errors import AsdError
from tests.accuracy.simulated_scores import Fleet, scores


def nights_of(values):
    """Of scores (machines, nights, clips); NaN for no clip."""
    machines, nights, _ = np.indices(values.shape)
    return machine_nights(values.ravel(), machines.ravel(), nights.ravel())


def judged(values, learnt=14, types=None):
    calibration = calibrate(nights_of(values[:, :learnt]), len(values), types)
    return calibration.judge(nights_of(values[:, learnt:]))


FLEET = scores(Fleet(machines=100, nights=74, seed=0))


def test_normal_nights_are_as_rare_as_their_p_says():
    found = judged(FLEET).p_values
    for level in (0.3, 0.1, 0.03, 0.01):
        assert np.mean(found <= level) == pytest.approx(level, rel=0.25)


@pytest.mark.parametrize(("learnt", "judge"), [(5, 1), (1, 5), (2, 5), (1, 1)])
def test_other_numbers_of_clips_than_were_learnt_keep_what_p_promises(learnt, judge):
    values = FLEET.copy()
    values[:, :14, learnt:] = values[:, 14:, judge:] = np.nan
    found = judged(values).p_values
    for level in (0.1, 0.01):
        assert level / 3 < np.mean(found <= level) < 1.4 * level


def test_missing_nights_are_no_row_and_nights_may_have_lost_clips():
    values = FLEET.copy()
    lost = np.random.default_rng(0).random(values.shape) < 0.5
    values[lost] = np.nan
    found = judged(values).p_values
    assert len(found) == np.isfinite(values[:, 14:]).any(axis=2).sum()
    assert np.mean(found[np.isfinite(found)] <= 0.01) < 0.015


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_each_machines_own_scale_and_place_change_nothing(seed):
    values, generator = FLEET[:20, :20], np.random.default_rng(seed)
    changed = values * generator.uniform(0.01, 100, (20, 1, 1)) + generator.uniform(-50, 50, (20, 1, 1))
    assert_allclose(judged(changed).p_values, judged(values).p_values, rtol=1e-5)


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_the_order_of_machines_does_not_matter(seed):
    values = FLEET[:20, :20]
    order = np.random.default_rng(seed).permutation(20)
    found = judged(values[order]).p_values.reshape(20, -1)
    assert_allclose(found, judged(values).p_values.reshape(20, -1)[order], rtol=1e-9)


@given(st.integers(0, 19), st.integers(0, 5), st.integers(0, 4), st.floats(0, 100))
@settings(max_examples=30)
def test_a_higher_score_never_raises_p(machine, night, clip, more):
    values = FLEET[:20, :20].copy()
    calibration = calibrate(nights_of(values[:, :14]), 20)
    before = calibration.judge(nights_of(values[:, 14:]))
    values[machine, 14 + night, clip] += more
    after = calibration.judge(nights_of(values[:, 14:]))
    assert (after.p_values <= before.p_values).all()
    assert (after.strength >= before.strength - 1e-12).all()


def test_p_is_never_below_the_floor_of_its_pool_and_strength_still_ranks():
    values = FLEET[:20, :16].copy()
    values[3, 15] += 1e6
    values[4, 15] += 1e3
    found = judged(values)
    assert found.p_values.min() == found.p_floors[0] == 1 / (5 * 20 * 14)
    assert np.nanargmax(found.strength) == 3 * 2 + 1


def test_few_nights_and_nights_all_alike_and_none_give_no_p():
    values = FLEET[:10, :16].copy()
    values[0, FEWEST_NIGHTS - 1 : 14] = np.nan
    values[1, :14] = 2.0
    values[2, :14] = np.nan
    found = judged(values)
    assert np.isnan(found.p_values.reshape(10, 2)).all(axis=1).tolist() == [True] * 3 + [False] * 7
    assert found.calibration_nights.reshape(10, 2)[:4, 0].tolist() == [FEWEST_NIGHTS - 1, 14, 0, 14]
    assert found.pool_nights.reshape(10, 2)[:4, 0].tolist() == [0, 0, 0, 7 * 14]


def test_no_learnt_night_at_all_is_no_error():
    found = judged(np.concatenate([np.full((2, 14, 5), np.nan), FLEET[:2, :2]], axis=1))
    assert np.isnan(found.p_values).all()


def test_a_lone_machine_has_the_share_of_its_own_nights():
    found = judged(FLEET[:1, :40])
    assert_array_equal(found.p_floors, 1 / 15)
    assert_allclose(found.p_values * 15, np.round(found.p_values * 15))


def test_a_type_with_enough_nights_is_a_pool_of_its_own():
    types = np.repeat([7, 9], [90, 10])
    found = judged(FLEET[:, :15], types=types)
    assert found.pool_nights.tolist() == [1260] * 90 + [1400] * 10
    assert ENOUGH_NIGHTS <= 1260
    own = judged(FLEET[:90, :15])
    assert_allclose(found.p_values[:90], own.p_values, rtol=0.05)


def test_machines_that_were_not_learnt_are_refused():
    calibration = calibrate(nights_of(FLEET[:2, :14]), 2)
    with pytest.raises(AsdError, match="2 machines were learnt"):
        calibration.judge(nights_of(FLEET[:3, 14:]))
    with pytest.raises(AsdError, match="there are 2"):
        calibrate(nights_of(FLEET[:3, :14]), 2)
