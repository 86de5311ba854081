import numpy as np
import pytest

from asd_core.detectors.cross_fitting import cross_fitted_scores, stratified_folds
from asd_core.errors import AsdError

DOMAINS = np.where(np.arange(53) < 42, "source", "target")


def test_folds_are_equal_in_size_and_in_domains():
    folds = stratified_folds(DOMAINS, 5, seed=0)
    for members in (folds, folds[:42], folds[42:]):
        assert np.ptp(np.bincount(members, minlength=5)) <= 1


def test_folds_depend_on_the_seed_alone():
    assert (stratified_folds(DOMAINS, 5, seed=3) == stratified_folds(DOMAINS, 5, seed=3)).all()
    assert (stratified_folds(DOMAINS, 5, seed=3) != stratified_folds(DOMAINS, 5, seed=4)).any()


def test_every_clip_is_scored_once_by_a_fit_without_it():
    seen = []

    def score_held_out(learnt, held_out):
        assert len(np.intersect1d(learnt, held_out)) == 0
        assert len(learnt) + len(held_out) == 53
        seen.extend(held_out)
        return 2.0 * held_out

    scores = cross_fitted_scores(score_held_out, DOMAINS, folds=5, seed=0)
    assert sorted(seen) == list(range(53))
    assert (scores == 2.0 * np.arange(53)).all()


def test_fewer_clips_than_folds_are_left_out_one_by_one():
    sizes = []

    def score_held_out(learnt, held_out):
        sizes.append(len(held_out))
        return np.zeros(len(held_out))

    cross_fitted_scores(score_held_out, DOMAINS[:3], folds=5, seed=0)
    assert sizes == [1, 1, 1]


def test_one_clip_cannot_be_scored_unseen():
    with pytest.raises(AsdError, match="1 normal clip cannot be scored unseen: give the machine at least 2"):
        cross_fitted_scores(lambda learnt, held_out: np.zeros(1), DOMAINS[:1], folds=5, seed=0)
