import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.detectors.deviation import Deviation
from asd_core.errors import AsdError

ROWS = np.random.default_rng(0).normal(size=(12, 2))
DOMAINS = np.full(12, "source")


def test_the_score_is_the_distance_from_the_mean():
    detector = Deviation().fit(np.array([[-40.0], [-38.0]]), DOMAINS[:2])
    assert_array_equal(detector.anomaly_score([[-39.0], [-34.0], [-41.0]]), [0.0, 5.0, 2.0])


@pytest.mark.parametrize("recordings", [None, np.array([0, 0, 0, 7, 7, 3, 3, 3, 3, 5, 5, 6])])
def test_leaving_out_equals_refitting(recordings):
    number = np.arange(12) if recordings is None else recordings
    refitted = [
        Deviation().fit(ROWS[number != one], DOMAINS[number != one]).anomaly_score(ROWS[row : row + 1])[0]
        for row, one in enumerate(number)
    ]
    detector = Deviation().fit(ROWS, DOMAINS)
    assert detector.leaves_one_out
    assert_allclose(detector.leave_one_out_scores(recordings), refitted)


def test_a_loaded_one_scores_the_same_and_finds_the_same():
    detector = Deviation().fit(ROWS, DOMAINS)
    loaded = Deviation.from_state(None, detector.state())
    assert_array_equal(loaded.anomaly_score(ROWS), detector.anomaly_score(ROWS))
    assert_array_equal(loaded.nearest(ROWS, 2)[0], detector.nearest(ROWS, 2)[0])


def test_one_recording_alone_cannot_be_left_out():
    with pytest.raises(AsdError, match="leaves none to compare it with"):
        Deviation().fit(ROWS, DOMAINS).leave_one_out_scores(np.zeros(12, np.int64))
