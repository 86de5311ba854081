import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.alarms.segment_scores import ScoreConfig, over_segments
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold

OVER = [ScoreConfig("max"), ScoreConfig("mean"), ScoreConfig("top")]


def learnt(scores):
    recordings, segments = scores.shape
    return SegmentScores(scores.ravel(), np.repeat(np.arange(recordings), segments))


def drawn(generator, recordings, segments, between, tail):
    residuals = {"normal": generator.normal, "gamma": lambda size: generator.gamma(4.0, size=size) / 2}[tail]
    return between * generator.normal(size=(recordings, 1)) + residuals(size=(recordings, segments))


@pytest.mark.parametrize("config", OVER, ids=str)
@pytest.mark.parametrize("segments", [1, 6])
def test_as_many_segments_as_were_learnt_have_the_scores_of_the_recordings_to_the_bit(config, segments):
    scores = np.random.default_rng(0).normal(size=(40, segments))
    assert_array_equal(learnt(scores).null(segments, config), np.sort(over_segments(scores, config)))
    assert_array_equal(learnt(scores).of_recordings(config), over_segments(scores, config))


def test_fewer_segments_have_the_scores_of_all_stretches():
    scores = np.array([[1.0, 5, 2, 3], [0, 9, 4, 4], [7, 1, 1, 6]])
    stretches = sorted([5, 5, 3, 9, 9, 4, 7, 1, 6])
    # The k-th of three leaves (4 - k) / 4 of further ones above it: the places 2.5, 5 and 7.5 of nine.
    assert_array_equal(learnt(scores).null(2, ScoreConfig()), [stretches[2], stretches[4], stretches[7]])


def test_a_short_recording_among_long_ones_does_not_tell_of_long_ones():
    scores = np.random.default_rng(0).normal(size=(30, 4))
    mixed = SegmentScores(np.append(scores.ravel(), [9.0, 9.0]), np.append(np.repeat(np.arange(30), 4), [30, 31]))
    assert_array_equal(mixed.null(4, ScoreConfig()), np.sort(scores.max(axis=1)))
    assert len(mixed.null(1, ScoreConfig())) == 32 and mixed.usual_count == 4


@pytest.mark.parametrize("config", OVER, ids=str)
@pytest.mark.parametrize("tail", ["normal", "gamma"])
@pytest.mark.parametrize("between", [0.0, pytest.param(0.5, marks=pytest.mark.slow), 2.0])
def test_false_alarms_are_those_asked_for_with_any_number_of_segments(config, tail, between):
    generator = np.random.default_rng(5)
    rates = {1: [], 6: [], 60: []}
    for _ in range(40):
        scores = learnt(drawn(generator, 100, 6, between, tail))
        for segments, found in rates.items():
            value = decision_threshold(scores.null(segments, config), ThresholdConfig()).value
            further = over_segments(drawn(generator, 300, segments, between, tail), config)
            found.append(np.mean(further > value))
    assert all(0.07 <= np.mean(found) <= 0.13 for found in rates.values()), rates


def test_recordings_of_one_segment_say_nothing_of_effects_so_that_all_is_taken_to_vary_within():
    scores = np.random.default_rng(0).normal(size=(300, 1))
    null = learnt(scores).null(10, ScoreConfig())
    assert len(null) == 300
    expected = np.sort(np.random.default_rng(1).normal(size=(4000, 10)).max(axis=1))
    assert_allclose(np.median(null), np.median(expected), atol=0.15)


@pytest.mark.parametrize("config", OVER, ids=str)
def test_equal_scores_and_two_recordings_give_finite_nulls(config):
    for scores in (np.ones((12, 3)), np.array([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 1))):
        null = learnt(scores).null(20, config)
        assert len(null) == len(scores) and np.isfinite(null).all() and (np.diff(null) >= 0).all()


@pytest.mark.parametrize("config", OVER, ids=str)
def test_a_null_moves_and_scales_with_the_scores(config):
    scores = np.random.default_rng(3).gamma(2.0, size=(20, 5))
    for segments in (2, 5, 30):
        moved = learnt(100 + 7 * scores).null(segments, config)
        assert_allclose(moved, 100 + 7 * learnt(scores).null(segments, config), rtol=1e-6)
