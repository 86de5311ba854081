import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.alarms.spreads import FEWEST_MACHINES, SpreadPrior, spread_prior


def drawn(machines, worth=None, seed=0, nights=13, clips=56, multiple=2.0):
    """Variances between nights and sums of squares of clips; the true ratio varies with so many degrees of freedom."""
    generator = np.random.default_rng(seed)
    scale = generator.uniform(0.01, 100, machines)
    ratio = multiple * (worth / generator.chisquare(worth, machines) if worth else np.ones(machines))
    variances = scale * ratio * generator.chisquare(nights, machines) / nights
    squares = scale * generator.chisquare(clips, machines)
    full = np.full(machines, float(nights)), np.full(machines, float(clips))
    return variances, full[0], squares, full[1], np.ones(machines, bool)


def test_the_multiple_is_found_whatever_the_machines_scales():
    assert spread_prior(*drawn(4000)).multiple == pytest.approx(2.0, rel=0.05)


def test_a_suggestion_is_worth_what_the_machines_agree_on_it():
    agreeing, scattered = (spread_prior(*drawn(4000, worth)) for worth in (None, 6))
    assert agreeing.freedom > 40  # the clips have 56 degrees of freedom themselves
    assert scattered.freedom == pytest.approx(6, abs=1.5)


def test_few_machines_and_machines_that_are_not_known_teach_nothing():
    assert spread_prior(*drawn(FEWEST_MACHINES - 1)).freedom == 0
    variances, freedom, squares, clips, known = drawn(50)
    assert spread_prior(variances, freedom, squares, clips, ~known).freedom == 0
    assert spread_prior(variances, freedom, np.zeros(50), np.zeros(50), known).freedom == 0


def test_a_machine_whose_clips_tell_nothing_gets_no_suggestion():
    variances, worth = SpreadPrior(2.0, 30.0).of(np.array([56.0, 5.0, 0.0]), np.array([28.0, 5.0, 28.0]))
    assert_allclose(variances, [4, 0, 0])
    assert worth.tolist() == [30, 0, 0]
