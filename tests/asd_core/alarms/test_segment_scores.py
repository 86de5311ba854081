import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.alarms.segment_scores import ScoreConfig, over_segments, top_count
from asd_core.errors import UsageError

SCORES = np.array([[3.0, 1.0, 2.0, 5.0, 4.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0, 7.0]])


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (ScoreConfig(), [5, 7]),
        (ScoreConfig("mean"), [2.5, 2]),
        (ScoreConfig("top"), [4.5, 4]),
        (ScoreConfig("top", 0.5), [4, 3]),
        (ScoreConfig("top", 0.01), [5, 7]),
    ],
    ids=str,
)
def test_a_recording_is_scored_over_its_segments(config, expected):
    assert_allclose(over_segments(SCORES, config), expected)
    assert_allclose(over_segments(SCORES[0], config), expected[0])


@pytest.mark.parametrize("over", ["max", "mean", "top"])
def test_the_score_of_one_segment_is_that_of_its_recording_to_the_bit(over):
    scores = np.random.default_rng(0).normal(size=(9, 1))
    assert_array_equal(over_segments(scores, ScoreConfig(over)), scores[:, 0])


def test_a_share_is_rounded_up_to_whole_segments():
    assert [top_count(segments, 0.2) for segments in (1, 4, 5, 6, 10, 60)] == [1, 1, 1, 2, 2, 12]


@pytest.mark.parametrize("settings", [{"over": "median"}, {"top_share": 0.0}, {"top_share": 1.5}])
def test_values_that_cannot_be_are_refused(settings):
    with pytest.raises(UsageError):
        ScoreConfig(**settings)
