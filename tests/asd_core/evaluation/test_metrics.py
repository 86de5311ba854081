import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from asd_core.evaluation.metrics import (
    MetricError,
    OneClassError,
    auc,
    auc_standard_error,
    false_alarm_rate,
    harmonic_mean,
    pauc,
    precision_recall_f1,
)


@st.composite
def clips(draw, min_per_class=1):
    """Few distinct scores, so that ties within and across the classes are the rule."""
    labels = [False] * min_per_class + [True] * min_per_class + draw(st.lists(st.booleans(), max_size=60))
    labels = draw(st.permutations(labels))
    scores = draw(st.lists(st.integers(-4, 4), min_size=len(labels), max_size=len(labels)))
    return np.array(scores, dtype=float), np.array(labels)


def pairwise_wins(scores, labels):
    """Kernel of the Mann-Whitney statistic, (anomalous, normal): the slow, obvious twin of every rank."""
    differences = scores[labels][:, None] - scores[~labels][None, :]
    return (differences > 0) + 0.5 * (differences == 0)


def test_scores_that_separate_the_classes_are_perfect():
    scores, labels = [1, 2, 3, 4], [False, False, True, True]
    assert auc(scores, labels) == pauc(scores, labels) == 1.0


def test_scores_in_the_wrong_order_have_auc_0():
    assert auc([4, 3, 2, 1], [0, 0, 1, 1]) == 0.0


@pytest.mark.parametrize("n_normal", [1, 3, 9, 10, 11, 200])
def test_a_constant_score_is_chance(n_normal):
    labels = [False] * n_normal + [True] * 7
    assert auc(np.full(len(labels), 3.5), labels) == 0.5
    assert pauc(np.full(len(labels), 3.5), labels) == pytest.approx(0.5, abs=1e-15)


@given(clips())
def test_auc_is_the_share_of_pairs_won(case):
    assert auc(*case) == pytest.approx(pairwise_wins(*case).mean(), abs=1e-14)


@given(clips())
def test_auc_is_that_of_scikit_learn_with_ties(case):
    scores, labels = case
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores), abs=1e-14)


@given(clips(), st.one_of(st.sampled_from([0.1, 0.25, 0.5, 1 / 3, 0.99, 1.0]), st.floats(0.001, 1.0)))
def test_pauc_is_that_of_scikit_learn_with_ties(case, max_fpr):
    scores, labels = case
    assert pauc(scores, labels, max_fpr) == pytest.approx(roc_auc_score(labels, scores, max_fpr=max_fpr), abs=1e-12)


@pytest.mark.parametrize("n_normal", [50, 67, 250])
def test_pauc_is_that_of_scikit_learn_on_continuous_scores(n_normal):
    rng = np.random.default_rng(n_normal)
    labels = np.arange(n_normal + 80) >= n_normal
    scores = rng.normal(size=len(labels)) + labels
    assert pauc(scores, labels) == pytest.approx(roc_auc_score(labels, scores, max_fpr=0.1), abs=1e-14)


@given(clips())
def test_increasing_maps_of_the_scores_change_nothing(case):
    scores, labels = case
    for mapped in (3 * scores - 7, np.exp(scores), np.arctan(scores)):
        assert auc(mapped, labels) == auc(scores, labels)
        assert pauc(mapped, labels) == pauc(scores, labels)
        assert auc_standard_error(np.r_[mapped, mapped], np.r_[labels, labels]) == auc_standard_error(
            np.r_[scores, scores], np.r_[labels, labels]
        )


@given(clips())
def test_turning_the_scores_around_turns_auc_around(case):
    scores, labels = case
    assert auc(-scores, labels) == pytest.approx(1 - auc(scores, labels), abs=1e-15)


@given(clips(), st.randoms(use_true_random=False))
def test_the_order_of_clips_does_not_matter(case, random):
    scores, labels = case
    order = np.array(random.sample(range(len(labels)), len(labels)))
    assert auc(scores[order], labels[order]) == auc(scores, labels)
    assert pauc(scores[order], labels[order]) == pauc(scores, labels)


@given(clips(min_per_class=2))
def test_the_standard_error_is_that_of_the_pairwise_kernel(case):
    wins = pairwise_wins(*case)
    variance = wins.mean(axis=1).var(ddof=1) / wins.shape[0] + wins.mean(axis=0).var(ddof=1) / wins.shape[1]
    assert auc_standard_error(*case) == pytest.approx(np.sqrt(variance), abs=1e-12)


def test_the_standard_error_is_the_spread_of_auc_over_draws():
    rng = np.random.default_rng(0)
    labels = np.arange(150) >= 100
    draws = rng.normal(size=(1500, 150)) + labels
    spread = np.std([auc(scores, labels) for scores in draws])
    assert np.mean([auc_standard_error(scores, labels) for scores in draws[:200]]) == pytest.approx(spread, rel=0.06)


def test_the_standard_error_needs_two_clips_of_each_class():
    with pytest.raises(OneClassError, match="two clips of each class, not 1 anomalous and 2 normal"):
        auc_standard_error([1, 2, 3], [0, 0, 1])


@given(clips(), st.integers(-5, 5))
def test_precision_recall_and_f1_are_those_of_scikit_learn(case, threshold):
    scores, labels = case
    expected = precision_recall_fscore_support(labels, scores > threshold, average="binary", zero_division=0)
    assert precision_recall_f1(scores > threshold, labels) == pytest.approx(expected[:3], abs=1e-15)


def test_false_alarms_are_flagged_normals_over_normals():
    assert false_alarm_rate([1, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]) == 0.25


def test_the_harmonic_mean_is_dominated_by_the_worst_and_floored():
    assert harmonic_mean([0.5, 0.5, 0.5]) == 0.5
    assert harmonic_mean([1.0, 0.5]) == pytest.approx(2 / 3)
    assert harmonic_mean([1.0, 0.0]) == pytest.approx(2 * np.finfo(float).eps)


@pytest.mark.parametrize("metric", [auc, pauc, auc_standard_error])
@pytest.mark.parametrize(
    ("labels", "missing"), [([True, True], "normal"), ([False, False], "anomalous"), ([], "anomalous")]
)
def test_a_missing_class_is_named(metric, labels, missing):
    with pytest.raises(OneClassError, match=f"no {missing} clips"):
        metric(np.arange(len(labels)), labels)


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, np.nan], [0, 1], "anomaly score 1 is nan"),
        ([np.inf, 1.0], [0, 1], "anomaly score 0 is inf"),
        ([1.0, 2.0, 3.0], [0, 1], "do not align"),
        ([[1.0], [2.0]], [[0], [1]], "do not align"),
        ([1.0, 2.0], [0, 2], "other than true and false"),
    ],
)
def test_malformed_input_is_refused(scores, labels, message):
    with pytest.raises(MetricError, match=message):
        auc(scores, labels)


@pytest.mark.parametrize("max_fpr", [0.0, -0.1, 1.1, np.nan])
def test_a_false_positive_rate_out_of_range_is_refused(max_fpr):
    with pytest.raises(MetricError, match="max_fpr"):
        pauc([1, 2], [0, 1], max_fpr)


def test_a_harmonic_mean_of_nothing_is_refused():
    with pytest.raises(MetricError, match="needs a list of finite numbers"):
        harmonic_mean([])


def test_decisions_without_anomalies_have_no_recall():
    with pytest.raises(OneClassError, match="no anomalous clips"):
        precision_recall_f1([True, False], [False, False])


@pytest.mark.skipif("ASD_REAL_DATA" not in os.environ, reason="ASD_REAL_DATA names no folder of real data")
def test_the_published_toycar_scores_give_the_published_digits():
    folder = Path(os.environ["ASD_REAL_DATA"]) / "mlperf_tiny_ad01" / "toycar_published_scores"
    published = re.findall(r"^(\d+),(.+),(.+)$", (folder / "tflite_result.csv").read_text(), flags=re.MULTILINE)
    assert len(published) == 4
    for machine_id, *digits in published:
        lines = (folder / f"tflite_anomaly_score_ToyCar_id_{machine_id}.csv").read_text().splitlines()
        scores = [float(line.split(",")[1]) for line in lines]
        labels = [line.startswith("anomaly") for line in lines]
        assert abs(auc(scores, labels) - float(digits[0])) < 1e-15
        assert abs(pauc(scores, labels) - float(digits[1])) < 1e-15
