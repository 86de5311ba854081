import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from asd_core.alarms.standard_nights import FEWEST_NIGHTS, night_levels, normal_scale

SEEDS = st.integers(0, 10_000)


def drawn(seed, machines=4):
    generator = np.random.default_rng(seed)
    own = np.repeat(np.arange(machines), generator.integers(FEWEST_NIGHTS, 12, machines))
    return own, generator.normal(size=len(own)), generator.uniform(0.3, 1, len(own))


def by_the_others(machine, value, variance, own, values, variances):
    """One night by others of its machine, and their degrees of freedom: a weighted mean and its error, written out."""
    others = own == machine
    weight = 1 / variances[others]
    centre = np.average(values[others], weights=weight)
    freedom = others.sum() - 1
    spread = (weight * (values[others] - centre) ** 2).sum() / freedom
    return (value - centre) / np.sqrt(spread * (variance + 1 / weight.sum())), freedom


@given(SEEDS)
def test_learnt_nights_equal_a_twin_that_leaves_each_out(seed):
    own, values, variances = drawn(seed)
    found = night_levels(own, values, variances, 4).of_learnt(own, values, variances)
    for place in range(len(own)):
        rest = [np.delete(array, place) for array in (own, values, variances)]
        expected = normal_scale(*by_the_others(own[place], values[place], variances[place], *rest))
        assert_allclose(found[place], expected, rtol=1e-8, atol=1e-10)


@given(SEEDS)
def test_further_nights_equal_the_predictive_form(seed):
    own, values, variances = drawn(seed)
    levels, machines = night_levels(own, values, variances, 4), np.array([2, 0])
    found = levels.of_new(machines, np.array([1.5, -3]), np.array([0.5, 1]))
    expected = [by_the_others(2, 1.5, 0.5, own, values, variances), by_the_others(0, -3, 1, own, values, variances)]
    assert_allclose(found, [distance for distance, _ in expected], rtol=1e-9)
    assert_allclose(levels.on_normal_scale(machines, found), [normal_scale(*night) for night in expected])


def test_equal_variances_give_the_plain_mean_and_deviation():
    values = np.array([1.0, 2, 4, 4, 5, 9])
    own, same = np.zeros(6, int), np.full(6, 0.7)
    found = night_levels(own, values, same, 1).of_new(np.array([0]), np.array([12.0]), same[:1])
    assert_allclose(found, (12 - values.mean()) / (values.std(ddof=1) * np.sqrt(1 + 1 / 6)))


def test_students_t_becomes_normal():
    for freedom in (4, 12, 30):
        asked = stats.t.isf([0.5, 0.1, 1e-3, 1e-5], freedom)
        assert_allclose(normal_scale(asked, freedom), stats.norm.isf([0.5, 0.1, 1e-3, 1e-5]), rtol=0.02)
    assert normal_scale(np.array([-2.0]), 5) == -normal_scale(np.array([2.0]), 5)


def test_machines_with_few_nights_or_nights_all_alike_are_unknown():
    own = np.repeat([0, 1, 2], [FEWEST_NIGHTS - 1, FEWEST_NIGHTS, FEWEST_NIGHTS])
    values = np.concatenate([np.arange(FEWEST_NIGHTS - 1.0), np.full(FEWEST_NIGHTS, 0.1), np.arange(FEWEST_NIGHTS)])
    levels = night_levels(own, values, np.ones(len(own)), 4)
    assert levels.known.tolist() == [False, False, True, False]
    found = levels.of_new(np.arange(4), np.zeros(4), np.ones(4))
    assert np.isfinite(found).tolist() == levels.known.tolist()
    assert np.isfinite(levels.of_learnt(own, values, np.ones(len(own)))).tolist() == levels.known[own].tolist()


def test_a_lone_outlier_among_equal_nights_is_far_out_and_finite():
    own, values = np.zeros(8, int), np.array([1e6, *[3.0] * 7])
    found = night_levels(own, values, np.ones(8), 1).of_learnt(own, values, np.ones(8))
    assert np.isfinite(found).all()
    assert found[0] > 5
