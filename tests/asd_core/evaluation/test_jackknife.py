import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from asd_core.evaluation.jackknife import (
    auc_without_each,
    evaluators_interval,
    jackknife_variance,
    pauc_standard_error,
    pauc_without_each,
)
from asd_core.evaluation.metrics import OneClassError, auc, auc_standard_error, pauc

CLIPS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=3, max_size=40).filter(
    lambda clips: len({label for _, label in clips}) == 2
)


def arrays(clips):
    return np.array([score for score, _ in clips], np.float64), np.array([label for _, label in clips])


def slow_twin(metric, scores, labels):
    """The metric without each clip, computed anew."""

    def without(place):
        kept = np.arange(len(scores)) != place
        try:
            return metric(scores[kept], labels[kept])
        except OneClassError:
            return np.nan

    return np.array([without(place) for place in range(len(scores))])


def drawn(n=200, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.4
    return rng.standard_normal(n) + labels, labels


@given(CLIPS)
def test_every_auc_without_a_clip_is_the_auc_of_the_others(clips):
    np.testing.assert_allclose(auc_without_each(*arrays(clips)), slow_twin(auc, *arrays(clips)), rtol=0, atol=1e-12)


@given(CLIPS, st.sampled_from([0.1, 0.25, 1.0]))
def test_every_pauc_without_a_clip_is_the_pauc_of_the_others(clips, max_fpr):
    twin = slow_twin(lambda scores, labels: pauc(scores, labels, max_fpr), *arrays(clips))
    np.testing.assert_allclose(pauc_without_each(*arrays(clips), max_fpr), twin, rtol=0, atol=1e-12)


def test_the_jackknife_of_auc_within_classes_is_delongs_variance():
    scores, labels = drawn()
    variance = jackknife_variance(auc_without_each(scores, labels), labels.astype(int))
    assert variance**0.5 == pytest.approx(auc_standard_error(scores, labels), abs=1e-12)


def test_the_error_of_pauc_is_its_spread_over_draws():
    spread = np.std([pauc(*drawn(400, seed)) for seed in range(300)])
    errors = [pauc_standard_error(*drawn(400, seed)) for seed in range(20)]
    assert np.mean(errors) == pytest.approx(spread, rel=0.15)


def test_one_clip_of_a_class_leaves_the_spread_unknown():
    assert jackknife_variance(np.array([0.1, 0.2, 0.3]), np.array([0, 0, 1])) is None
    with pytest.raises(OneClassError, match="two clips of each class"):
        pauc_standard_error([1.0, 2.0, 3.0], [False, False, True])


def test_the_evaluators_interval_is_its_published_formula():
    scores, labels = drawn(60)
    n, halves = len(scores), []
    for metric in (auc, pauc):
        without = slow_twin(metric, scores, labels)
        sigma = np.sqrt(np.sum((without - without.mean()) ** 2) / (n * (n - 1)))
        halves.append(abs(scipy.stats.t.ppf(0.025, n - 1)) * sigma)
    assert evaluators_interval(scores, labels) == pytest.approx(np.mean(halves), abs=1e-15)
