import numpy as np
import pytest

from asd_core.alarms.level_shifts import level_shifts

LEARNT = np.repeat([0, 1, 2], [14, 14, 4]), np.random.default_rng(0).normal(-30, 0.5, 32)


def found(machines, levels):
    return level_shifts(LEARNT, (np.array(machines), np.array(levels)), 4)


def test_a_louder_and_a_quieter_night_are_told_with_their_decibels():
    shifts = found([0, 1, 0], [-27.0, -33.0, -30.0])
    assert shifts.told(0.001).tolist() == [True, True, False]
    assert shifts.decibels[0] == pytest.approx(-27 - LEARNT[1][:14].mean())


def test_machines_of_few_nights_and_nights_without_a_level_tell_nothing():
    shifts = found([2, 3, 0], [-10.0, -10.0, np.nan])
    assert np.isnan(shifts.p_values).all() and np.isnan(shifts.decibels).all()
    assert not shifts.told(0.001).any()


def test_a_small_change_of_a_very_steady_level_is_not_worth_a_line():
    steady = np.zeros(14, int), np.linspace(-30.01, -29.99, 14)
    shifts = level_shifts(steady, (np.zeros(2, int), np.array([-29.5, -28.0])), 1)
    assert (shifts.p_values < 1e-6).all()
    assert shifts.told(0.001).tolist() == [False, True]


def test_levels_of_well_machines_have_p_values_of_their_size():
    generator = np.random.default_rng(1)
    learnt = np.repeat(np.arange(4000), 14), generator.normal(size=4000 * 14)
    p_values = level_shifts(learnt, (np.arange(4000), generator.normal(size=4000)), 4000).p_values
    for level in (0.2, 0.02):
        assert np.mean(p_values <= level) == pytest.approx(level, rel=0.25)
