import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from asd_core.alarms.standard_nights import FEWEST_NIGHTS, night_levels, normal_scale

SEEDS = st.integers(0, 10_000)
NIGHTS = ("machines", "values", "variances", "squares", "clips")


def drawn(seed, machines=12):
    """Nights of machines, each a dictionary of columns."""
    generator = np.random.default_rng(seed)
    own = np.repeat(np.arange(machines), generator.integers(FEWEST_NIGHTS, 12, machines))
    clips = generator.integers(2, 7, len(own))
    columns = own, generator.normal(size=len(own)), generator.uniform(0.3, 1, len(own)), generator.chisquare(clips - 1)
    return dict(zip(NIGHTS, (*columns, clips), strict=True))


def by_the_others(prior, machine, value, variance, others):
    """One night by others of its machine, and their degrees of freedom: a weighted mean and its error, written out."""
    chosen = others["machines"] == machine
    weight = 1 / others["variances"][chosen]
    values = others["values"][chosen]
    centre = np.average(values, weights=weight)
    suggested, worth = prior.of(others["squares"][chosen].sum(), (others["clips"][chosen] - 1).sum())
    freedom = chosen.sum() - 1 + worth
    spread = ((weight * (values - centre) ** 2).sum() + worth * suggested) / freedom
    return (value - centre) / np.sqrt(spread * (variance + 1 / weight.sum())), freedom


@given(SEEDS)
def test_learnt_nights_equal_a_twin_that_leaves_each_out(seed):
    nights = drawn(seed)
    levels = night_levels(**nights, total=12)
    found = levels.of_learnt(**nights)
    for place in range(0, len(found), 7):
        rest = {name: np.delete(column, place) for name, column in nights.items()}
        one = (nights[name][place] for name in NIGHTS[:3])
        assert_allclose(found[place], normal_scale(*by_the_others(levels.prior, *one, rest)), rtol=1e-7, atol=1e-9)


@given(SEEDS)
def test_further_nights_equal_the_predictive_form(seed):
    nights, machines = drawn(seed), np.array([2, 0])
    levels = night_levels(**nights, total=12)
    found = levels.of_new(machines, np.array([1.5, -3]), np.array([0.5, 1]))
    expected = [by_the_others(levels.prior, *one, nights) for one in ((2, 1.5, 0.5), (0, -3, 1))]
    assert_allclose(found, [distance for distance, _ in expected], rtol=1e-9)
    assert_allclose(levels.on_normal_scale(machines, found), [normal_scale(*night) for night in expected])


def one_clip_nights(own, values):
    """Nights whose clips tell nothing."""
    blank = np.zeros(len(own))
    return dict(zip(NIGHTS, (own, values, blank + 0.7, blank, blank.astype(int) + 1), strict=True))


def test_equal_variances_and_single_clips_give_the_plain_mean_and_deviation():
    values = np.array([1.0, 2, 4, 4, 5, 9])
    levels = night_levels(**one_clip_nights(np.zeros(6, int), values), total=1)
    found = levels.of_new(np.array([0]), np.array([12.0]), np.array([0.7]))
    assert_allclose(found, (12 - values.mean()) / (values.std(ddof=1) * np.sqrt(1 + 1 / 6)))
    assert levels.freedom.tolist() == [5]


def test_students_t_becomes_normal():
    for freedom in (4, 12, 30):
        asked = stats.t.isf([0.5, 0.1, 1e-3, 1e-5], freedom)
        assert_allclose(normal_scale(asked, freedom), stats.norm.isf([0.5, 0.1, 1e-3, 1e-5]), rtol=0.02)
    assert normal_scale(np.array([-2.0]), 5) == -normal_scale(np.array([2.0]), 5)


def test_machines_with_few_nights_or_nights_all_alike_are_unknown():
    own = np.repeat([0, 1, 2], [FEWEST_NIGHTS - 1, FEWEST_NIGHTS, FEWEST_NIGHTS])
    values = np.concatenate([np.arange(FEWEST_NIGHTS - 1.0), np.full(FEWEST_NIGHTS, 0.1), np.arange(FEWEST_NIGHTS)])
    nights = one_clip_nights(own, values)
    levels = night_levels(**nights, total=4)
    assert levels.known.tolist() == [False, False, True, False]
    found = levels.of_new(np.arange(4), np.zeros(4), np.ones(4))
    assert np.isfinite(found).tolist() == levels.known.tolist()
    assert np.isfinite(levels.of_learnt(**nights)).tolist() == levels.known[own].tolist()


def test_a_lone_outlier_among_equal_nights_is_far_out_and_finite():
    own, values = np.zeros(8, int), np.array([1e6, *[3.0] * 7])
    nights = one_clip_nights(own, values)
    found = night_levels(**nights, total=1).of_learnt(**nights)
    assert np.isfinite(found).all()
    assert found[0] > 5
