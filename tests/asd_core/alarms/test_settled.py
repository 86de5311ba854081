"""Alarms that neither grow nor fade."""

import numpy as np
import pytest

from asd_core.alarms.settled import SETTLED_NIGHTS, is_steady, settled


def heights(slope=0.0, nights=12, machines=400, seed=0):
    """Nights about 20 deviations that rise by so much a night, (M, T)."""
    return 20 + slope * np.arange(nights) + np.random.default_rng(seed).normal(size=(machines, nights))


def test_a_step_settles_after_a_week_and_not_before():
    means = heights()
    found = settled(means, np.ones(means.shape, bool))
    assert not found[:, : SETTLED_NIGHTS - 1].any()
    assert found[:, SETTLED_NIGHTS - 1 :].mean() == pytest.approx(0.8, abs=0.03)  # p of no trend above 0.2


@pytest.mark.parametrize("slope", [1.0, -1.0])
def test_an_alarm_that_grows_or_fades_does_not_settle(slope):
    means = heights(slope)
    assert settled(means, np.ones(means.shape, bool)).mean() < 0.01


def test_a_quiet_night_begins_the_week_anew_and_an_unknown_one_does_not():
    stands_out = np.ones((400, 12), bool)
    stands_out[:, 4] = False
    means = heights()
    assert not settled(means, stands_out)[:, :11].any() and settled(means, stands_out)[:, 11].any()
    means[:, 4] = np.nan
    assert settled(means, stands_out)[:, SETTLED_NIGHTS].any()


def test_the_slope_is_that_of_scipy():
    from scipy.stats import linregress

    values = heights(0.3, machines=50)
    values[:, 3] = np.nan
    known = ~np.isnan(values[0])
    p_values = np.array([linregress(np.flatnonzero(known), row[known]).pvalue for row in values])
    clear = np.abs(p_values - 0.2) > 0.02  # the t distribution is approximated
    assert (is_steady(values) == (p_values > 0.2))[clear].all() and clear.sum() > 30


def test_nights_exactly_alike_are_steady():
    assert is_steady(np.full((1, SETTLED_NIGHTS), 3.0)).all() and not is_steady(np.full((1, 6), 3.0)).any()
