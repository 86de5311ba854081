import numpy as np
from numpy.testing import assert_array_equal

from asd_core.alarms.false_alarm_rates import cross_validated_false_alarm_rate
from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.alarms.segment_scores import ScoreConfig
from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.pipeline.recording_scores import (
    false_alarm_rate_of_recordings,
    first_of_each_recording,
    recording_scores,
)

LEARNT = SegmentScores(np.random.default_rng(0).normal(size=120), np.repeat(np.arange(40), 3))


def test_each_recording_has_the_threshold_and_p_value_of_its_number_of_segments():
    scores, recordings = np.array([0.0, 9.0, 1.0, 0.5, 3.0, 2.0, 2.5]), np.array([0, 0, 0, 1, 2, 2, 2])
    first, second, third = recording_scores(scores, recordings, LEARNT, ScoreConfig(), ThresholdConfig())
    assert [one.score for one in (first, second, third)] == [9.0, 0.5, 3.0]
    assert [one.worst for one in (first, second, third)] == [1, 3, 4]
    assert [one.segments for one in (first, second, third)] == [3, 1, 3]
    assert first.threshold == third.threshold > second.threshold
    assert first.p_value == 1 / 41


def test_the_worst_segment_is_named_also_where_the_mean_is_the_score():
    (found,) = recording_scores(
        np.array([1.0, 4.0, 1.0]), np.zeros(3, int), LEARNT, ScoreConfig("mean"), ThresholdConfig()
    )
    assert (found.score, found.worst) == (2.0, 1)


def test_the_false_alarm_rate_of_equally_long_recordings_is_that_of_their_scores():
    names, over = [f"{number:02d}" for number in range(40)], ScoreConfig("mean")
    expected = cross_validated_false_alarm_rate(LEARNT.of_recordings(over), ThresholdConfig())
    assert false_alarm_rate_of_recordings(LEARNT, names, over, ThresholdConfig()) == expected
    few = SegmentScores(LEARNT.scores[:12], LEARNT.recordings[:12])
    assert np.isnan(false_alarm_rate_of_recordings(few, names[:4], over, ThresholdConfig()))


def test_of_the_nearest_segments_each_recording_is_named_once():
    uris, starts = [["a", "b", "a", "c", "b"]], [[0.0, 10.0, 20.0, 30.0, 40.0]]
    found = first_of_each_recording(uris, starts, np.array([[1.0, 2, 3, 4, 5]]), 3)
    assert found == ([["a", "b", "c"]], [[0.0, 10.0, 30.0]], [[1.0, 2.0, 4.0]])
    assert_array_equal(first_of_each_recording(uris, starts, np.array([[1.0, 2, 3, 4, 5]]), 1)[0], [["a"]])
