import numpy as np
import pytest

from asd_core.detectors.build import detector_config, load_detector, new_detector
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError

CONFIG = detector_config({"kind": "class_nll"})
ROWS = np.random.default_rng(0).gamma(1.0, size=(30, 5))
DOMAINS = np.full(30, "source")


def test_the_score_is_the_first_number_whatever_was_learnt():
    detector = new_detector(CONFIG).fit(ROWS, DOMAINS)
    np.testing.assert_array_equal(detector.anomaly_score(ROWS[:4]), ROWS[:4, 0])
    np.testing.assert_array_equal(unseen_scores(CONFIG, ROWS, DOMAINS), ROWS[:, 0])


def test_the_nearest_are_those_of_the_least_angle_without_the_first_number():
    indices, distances = new_detector(CONFIG).fit(ROWS, DOMAINS).nearest(ROWS[:3] * [99, 1, 1, 1, 1], 2)
    units = ROWS[:, 1:] / np.linalg.norm(ROWS[:, 1:], axis=1, keepdims=True)
    expected = 1 - units[:3] @ units.T
    np.testing.assert_array_equal(indices, np.argsort(expected, axis=1)[:, :2])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :2], atol=1e-12)


def test_a_loaded_one_scores_the_same_to_the_bit():
    detector = new_detector(CONFIG).fit(ROWS, DOMAINS)
    loaded = load_detector(CONFIG, detector.state())
    np.testing.assert_array_equal(loaded.anomaly_score(ROWS), detector.anomaly_score(ROWS))


def test_a_lone_number_and_a_detector_without_clips_are_refused():
    with pytest.raises(AsdError, match="got one number a clip"):
        new_detector(CONFIG).fit(ROWS[:, :1], DOMAINS)
    with pytest.raises(AsdError, match="call fit first"):
        new_detector(CONFIG).anomaly_score(ROWS)
