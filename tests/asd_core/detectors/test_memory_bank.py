import os
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist
from sklearn.metrics import roc_auc_score

from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig
from asd_core.errors import AsdError, UsageError

FIVE = np.array([[0.0], [1.0], [3.0], [7.0], [15.0]])
# Local distances at density_k = 2, each row itself left out: (1 + 3) / 2, (1 + 2) / 2, (2 + 3) / 2, (4 + 6) / 2,
# (8 + 12) / 2 = 2, 1.5, 2.5, 5, 10. Distances of 4 are 4, 3, 1, 3, 11; divided 2, 2, 0.4, 0.6, 1.1.


def fitted(rows, **options):
    return MemoryBank(MemoryBankConfig(**options)).fit(rows, np.full(len(rows), "source"))


@pytest.mark.parametrize(
    ("density", "k", "expected"),
    [
        ("none", 1, 1.0),
        ("none", 2, (1 + 3) / 2),
        ("none", 5, 22 / 5),
        ("nearest", 1, 0.4),
        ("nearest", 2, (0.4 + 2.0) / 2),  # of the two at distance 3 the one of lower index, whose local distance is 1.5
        ("least", 1, 0.4),
        ("least", 2, (0.4 + 0.6) / 2),
        ("least", 3, (0.4 + 0.6 + 1.1) / 3),
    ],
)
def test_five_points_score_as_computed_by_hand(density, k, expected):
    assert_allclose(fitted(FIVE, k=k, density=density, density_k=2).anomaly_score([[4.0]]), [expected], rtol=1e-14)


def test_cosine_scores_as_computed_by_hand():
    rows = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]])
    assert_allclose(fitted(rows, k=2, metric="cosine").anomaly_score([[3.0, 0.0]]), [0.5])
    # local distances at density_k = 1: 1, 1, 1; at 2: 1.5, 1, 1.5
    divided = fitted(rows, k=2, metric="cosine", density="least", density_k=2).anomaly_score([[3.0, 0.0]])
    assert_allclose(divided, [(0 / 1.5 + 1 / 1) / 2], atol=1e-15)


def test_duplicate_references_count_once_for_the_local_distance():
    rows = np.array([[0.0], [0.0], [0.0], [4.0], [6.0]])  # local distances 5, 5, 5, 3, 4
    assert_allclose(fitted(rows, k=1, density="nearest", density_k=2).anomaly_score([[1.0]]), [1 / 5])
    assert_allclose(fitted(rows, k=1, density="least", density_k=2).anomaly_score([[1.0]]), [1 / 5])
    same = fitted(np.ones((9, 2)), k=3, density="least", density_k=2).anomaly_score([[1.0, 1.0], [4.0, 5.0]])
    assert_allclose(same, [0.0, 5.0])


@pytest.mark.parametrize("density", ["none", "nearest", "least"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_training_clip_at_k_1_scores_zero(density, metric):
    rows = np.random.default_rng(0).normal(size=(60, 20)).astype(np.float32)
    scores = fitted(rows, k=1, density=density, metric=metric).anomaly_score(rows)
    assert_array_equal(scores, 0.0)


@pytest.mark.parametrize("density", ["none", "nearest", "least"])
def test_scores_equal_those_of_all_distances(density):
    rows, queries = np.random.default_rng(0).normal(size=(2, 120, 10))
    own = np.sort(cdist(rows, rows), axis=1)[:, 1:9].mean(axis=1)
    distances = cdist(queries, rows)
    if density == "nearest":
        nearest = np.argsort(distances, axis=1)[:, :3]
        distances = np.take_along_axis(distances, nearest, axis=1) / own[nearest]
    elif density == "least":
        distances = distances / own
    expected = np.sort(distances, axis=1)[:, :3].mean(axis=1)
    assert_allclose(fitted(rows, k=3, density=density, density_k=8).anomaly_score(queries), expected, rtol=1e-12)


@pytest.mark.parametrize("density", ["none", "nearest", "least"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("duplicates", [0, 7])
def test_leave_one_out_equals_refitting_without_each_clip(density, metric, duplicates):
    rows = np.random.default_rng(3).normal(size=(25, 2))
    rows[: duplicates + 1] = rows[0]
    options = {"k": 3, "density": density, "metric": metric, "density_k": 4}
    expected = [
        fitted(np.delete(rows, i, axis=0), **options).anomaly_score(rows[i : i + 1])[0] for i in range(len(rows))
    ]
    assert_allclose(fitted(rows, **options).leave_one_out_scores(), expected, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("density", ["none", "nearest", "least"])
@pytest.mark.parametrize("total", [2, 3, 5])
def test_leave_one_out_equals_refitting_where_clips_are_fewer_than_k(density, total):
    rows = np.random.default_rng(total).normal(size=(total, 2))
    options = {"k": 4, "density": density, "density_k": 4}
    expected = [fitted(np.delete(rows, i, axis=0), **options).anomaly_score(rows[i : i + 1])[0] for i in range(total)]
    assert_allclose(fitted(rows, **options).leave_one_out_scores(), expected, rtol=1e-12)


def test_scaling_the_embeddings_leaves_density_normalised_scores_alone():
    rows, queries = np.random.default_rng(0).normal(size=(2, 50, 6))
    for density in ("nearest", "least"):
        scores = fitted(rows, density=density).anomaly_score(queries)
        assert_allclose(fitted(rows * 1e3, density=density).anomaly_score(queries * 1e3), scores, rtol=1e-10)


def test_too_few_clips_for_k_are_all_used_and_noted():
    bank = fitted(np.array([[0.0], [3.0]]), k=4, density="none")
    assert_allclose(bank.anomaly_score([[1.0]]), [1.5])
    assert bank.notes_ == ["k = 4 but 2 normal clips: the mean is over 2 distances"]
    assert len(fitted(np.zeros((1, 3)), density="least").notes_) == 2


def test_a_single_clip_divides_by_one():
    assert_allclose(fitted(np.array([[1.0]]), density="least").anomaly_score([[4.0]]), [3.0])


def test_whitened_score_is_the_distance_after_whitening():
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(400, 2)) * [100.0, 1.0]
    bank = fitted(rows, k=1, whitening="full")
    along, across = bank.anomaly_score([[400.0, 0.0], [0.0, 400.0]])
    assert along < 5 and across > 50  # 4 standard deviations, and far more (shrinkage holds the small one up)


def test_no_clips_or_values_that_are_not_finite_are_refused_with_the_number():
    with pytest.raises(AsdError, match="0 normal clips"):
        fitted(np.empty((0, 4)))
    with pytest.raises(AsdError, match=r"1 of 2 embeddings are not finite \(the first is row 1\)"):
        fitted(np.array([[0.0], [np.nan]]))
    with pytest.raises(AsdError, match="3 dimensions, the detector was fitted on 1"):
        fitted(FIVE).anomaly_score(np.zeros((1, 3)))
    with pytest.raises(AsdError, match="call fit first"):
        MemoryBank(MemoryBankConfig()).anomaly_score(FIVE)
    with pytest.raises(AsdError, match="5 embeddings but domains of shape"):
        MemoryBank(MemoryBankConfig()).fit(FIVE, np.array(["source"]))


def test_leave_one_out_says_where_it_is_not_exact():
    with pytest.raises(AsdError, match="use unseen_scores"):
        fitted(FIVE, whitening="half").leave_one_out_scores()
    with pytest.raises(AsdError, match="at least 2"):
        fitted(FIVE[:1]).leave_one_out_scores()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "cosin"}, "metric = 'cosin': must be one of 'euclidean', 'cosine'"),
        ({"k": 0}, "k = 0: must be a whole number, 1 or more"),
        ({"k": 2.5}, "k = 2.5: must be a whole number"),
        ({"target_ratio": float("nan")}, "target_ratio = nan: must be a number above 0"),
        ({"memmixup_weight": 1.0}, "memmixup_weight = 1.0: must be a number above 0 and below 1"),
    ],
)
def test_a_wrong_option_is_refused_with_its_value_and_what_is_allowed(options, message):
    with pytest.raises(UsageError, match=message):
        MemoryBankConfig(**options)


PUBLISHED = {  # AUC and pAUC of plain kNN, k = 4, on log z-scored modulation features
    "ToyCar_id_01": (0.892, 0.688),
    "ToyCar_id_02": (0.967, 0.879),
    "ToyCar_id_03": (0.889, 0.671),
    "ToyCar_id_04": (0.991, 0.951),
    "fan_id_00": (0.598, 0.495),
    "fan_id_02": (0.821, 0.633),
    "fan_id_04": (0.638, 0.521),
    "fan_id_06": (0.806, 0.556),
    "slider_id_00": (0.988, 0.938),
    "slider_id_02": (0.856, 0.561),
    "slider_id_04": (0.982, 0.908),
    "slider_id_06": (0.802, 0.516),
}


def real_figures(machine, **options):
    archive = Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_dev_modspec_features" / f"{machine}.npz"
    with np.load(archive, allow_pickle=False) as stored:
        train, test = (np.log(stored[f"X_{part}"].reshape(-1, 480).astype(float) + 1e-12) for part in ("train", "test"))
        is_anomalous = stored["y_test"]
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    scores = fitted((train - mean) / deviation, k=4, **options).anomaly_score((test - mean) / deviation)
    return roc_auc_score(is_anomalous, scores), roc_auc_score(is_anomalous, scores, max_fpr=0.1)


needs_real_data = pytest.mark.skipif("ASD_REAL_DATA" not in os.environ, reason="ASD_REAL_DATA is not set")


@needs_real_data
@pytest.mark.parametrize("machine", PUBLISHED)
def test_plain_distances_give_the_reference_figures_of_each_machine(machine):
    assert_allclose(real_figures(machine), PUBLISHED[machine], atol=0.002)


@needs_real_data
@pytest.mark.parametrize(
    ("whitening", "least_auc", "least_pauc"),
    [("none", 0.905, 0.805), pytest.param("half", 0.918, 0.81, marks=pytest.mark.slow)],
)
def test_density_normalised_distances_beat_plain_ones_on_average(whitening, least_auc, least_pauc):
    figures = [real_figures(machine, density="least", density_k=16, whitening=whitening) for machine in PUBLISHED]
    auc, pauc = np.mean(figures, axis=0)
    assert auc >= least_auc
    assert pauc >= least_pauc
