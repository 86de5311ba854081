import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from asd_core.alarms.tails import BEYOND, pareto_tail, unit_tail
from asd_core.errors import AsdError

VALUES = st.lists(st.floats(-50, 50), min_size=1, max_size=150).map(np.array)


@given(VALUES, st.lists(st.floats(-100, 100), min_size=2).map(np.array))
def test_p_falls_with_the_value_and_lies_within_0_and_1(values, asked):
    for tail in (pareto_tail(values), unit_tail(values)):
        found = tail.p_values(np.sort(asked))
        assert (np.diff(found) <= 1e-15).all()
        assert ((found > 0) & (found <= 1)).all()


@given(VALUES)
def test_below_the_tail_p_is_the_share_at_least_as_high(values):
    tail = pareto_tail(values)
    below = values[values <= tail.start]
    counted = np.array([(1 + (values >= value).sum()) / (1 + len(values)) for value in below])
    assert_allclose(tail.p_values(below), np.maximum(counted, tail.share))


@pytest.mark.parametrize("shape", [-0.1, 0.1, 0.3])
def test_the_tail_of_many_values_is_that_of_their_distribution(shape):
    values = stats.genpareto.rvs(shape, size=200_000, random_state=0)
    tail = pareto_tail(values)
    asked = stats.genpareto.isf([1e-3, 1e-4], shape)  # 500 of 200,000 values make the tail
    assert tail.shape == pytest.approx(shape, abs=0.12)
    assert_allclose(tail.p_values(asked), [1e-3, 1e-4], rtol=0.6)


def test_few_values_draw_the_shape_towards_the_usual_one():
    values = stats.genpareto.rvs(0.4, size=200, random_state=1)
    assert 0.1 < pareto_tail(values).shape < 0.15


def test_the_floor_lies_below_one_of_all_values_only_where_a_tail_is_fitted():
    assert pareto_tail(np.arange(14.0)).floor == 1 / 15
    assert pareto_tail(np.arange(2800.0)).floor == 1 / (BEYOND * 2800)
    assert pareto_tail(np.ones(100)).floor == 1 / 101


def test_a_unit_tail_is_that_of_minus_log_p():
    values = np.random.default_rng(0).exponential(size=100_000)
    assert_allclose(unit_tail(values).p_values(np.array([5.0, 9.0])), np.exp([-5, -9]), rtol=0.1)


def test_no_values_and_values_that_are_not_finite_are_refused():
    for values in ([], [1.0, np.nan]):
        with pytest.raises(AsdError, match="pooled normal values"):
            pareto_tail(np.array(values))
