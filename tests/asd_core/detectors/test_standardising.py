import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.detectors.standardising import Standard, fit_standard, standardised_unseen


def test_scores_that_it_was_fitted_to_have_mean_zero_and_deviation_one_in_every_group():
    scores = np.random.default_rng(0).gamma(2, [0.1, 1.0, 1000.0], (50, 3))
    placed = fit_standard(scores)(scores)
    assert_allclose(placed.mean(axis=0), 0, atol=1e-12)
    assert_allclose(placed.std(axis=0), 1)


def test_a_group_whose_scores_are_alike_takes_the_scale_of_the_widest_other():
    scores = np.column_stack([np.arange(5.0), np.full(5, 0.1 + 0.2), 3 * np.arange(5.0)])
    standard = fit_standard(scores)
    assert_array_equal(standard.varies, [True, False, True])
    assert standard.scale[1] == standard.scale[2]
    assert_array_equal(fit_standard(np.zeros((4, 2)))([[2.0, -1.0]]), [[2.0, -1.0]])


def test_a_loaded_standard_is_the_same():
    standard = fit_standard(np.arange(6.0).reshape(3, 2))
    assert_array_equal(Standard.from_state(standard.state())(np.eye(2)), standard(np.eye(2)))


@pytest.mark.parametrize("recordings", [None, np.array([0, 0, 4, 4, 4, 1, 1, 2])])
def test_unseen_scores_lie_between_their_own_standard_and_that_of_the_others(recordings):
    scores = np.random.default_rng(0).gamma(2, [0.1, 1.0], (8, 2))
    number = np.arange(8) if recordings is None else recordings
    expected = []
    for row, one in zip(scores, number, strict=True):
        others = scores[number != one]
        expected.append((row - others.mean(axis=0)) / np.sqrt((others.var(axis=0) + scores.var(axis=0)) / 2))
    assert_allclose(standardised_unseen(scores, recordings), expected)


def test_unseen_scores_that_are_alike_or_of_one_recording_stay_finite():
    assert_array_equal(standardised_unseen(np.ones((5, 2))), np.zeros((5, 2)))
    assert np.isfinite(standardised_unseen(np.array([[0.0], [0.0], [9.0]]))).all()
    assert np.isfinite(standardised_unseen(np.arange(3.0)[:, None], np.zeros(3, np.int64))).all()
