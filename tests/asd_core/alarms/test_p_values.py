import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from asd_core.alarms.p_values import p_values
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold

QUANTILE, GAMMA = ThresholdConfig("quantile", 0.9), ThresholdConfig("gamma", 0.9)


def test_p_values_count_unseen_scores_at_least_as_high():
    unseen = np.array([1.0, 2.0, 2.0, 5.0])
    assert_allclose(p_values(np.array([0.0, 1.0, 2.0, 3.0, 6.0]), unseen), [1.0, 1.0, 0.8, 0.4, 0.2])


@given(st.lists(st.integers(-5, 5), min_size=1), st.lists(st.integers(-5, 5)))
def test_p_values_equal_their_definition(unseen, scores):
    expected = [(1 + sum(normal >= score for normal in unseen)) / (1 + len(unseen)) for score in scores]
    assert_allclose(p_values(np.array(scores, float), np.array(unseen, float)), expected)


@given(st.lists(st.integers(-50, 50), min_size=20), st.integers(-60, 60))
def test_a_clip_is_flagged_exactly_where_its_p_value_is_within_the_rate(unseen, score):
    unseen = np.array(unseen, dtype=float)
    is_flagged = score > decision_threshold(unseen, QUANTILE).value
    assert is_flagged == (p_values(np.array([float(score)]), unseen)[0] <= 0.1 + 1e-12)


def test_p_values_of_normals_are_not_too_small_too_often():
    generator = np.random.default_rng(0)
    found = np.concatenate([p_values(generator.normal(size=20), generator.normal(size=30)) for _ in range(300)])
    for level in (0.05, 0.1, 0.5):
        assert np.mean(found <= level) <= level + 0.015
