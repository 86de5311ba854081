import numpy as np
import pytest

from asd_core.pipeline.threads import one_thread
from asd_core.recipe.training_settings import TrainingConfig
from tests.accuracy.fine_tuning import Data, Machine, as_float, figures, scores_of, table, trained, unit_features

MACHINE = Machine(np.array([0, 1]), np.array([2, 3]), np.array([False, True]))


def test_a_score_is_the_cosine_distance_to_the_nearest_learnt_recording():
    features = np.array([[1.0, 0.0], [0.0, 1.0], [0.8, 0.6], [-1.0, 0.0]])
    assert scores_of(features, MACHINE) == pytest.approx([0.2, 1.0])
    assert figures(features, [MACHINE]) == [(1.0, 1.0)]


def test_the_table_has_the_mean_over_seeds_and_the_error_of_the_paired_difference():
    found = {"frozen": [(0.8, 0.6), (0.6, 0.5)], "trained": [[(0.9, 0.6), (0.7, 0.5)], [(0.9, 0.6), (0.5, 0.5)]]}
    rows = table("here", found)
    assert rows[0] == "| here | AUC | 0.700 | 0.750 | +0.050 ± 0.050 |"
    assert rows[1] == "| here | pAUC | 0.550 | 0.550 | +0.000 ± 0.000 |"


def test_training_lowers_the_angle_within_a_class():
    draw = np.random.default_rng(0)
    tones = [np.sin(np.arange(16_000) * pitch) for pitch in (0.1, 0.9)]
    sounds = [5_000 * tones[n % 2] + 3_000 * draw.standard_normal(16_000) for n in range(16)]
    data = Data(
        np.array(sounds).astype(np.int16),
        np.arange(16) % 2,
        [Machine(np.arange(8), np.arange(8, 16), np.zeros(8, bool))],
    )
    settings = {"labels": ("machine_id",), "loss": "arcface", "mixup": 0.0, "keep": (), "epochs": 2, "batch_size": 8}
    config = TrainingConfig(**settings, scale=30.0, margin=0.2, learning_rate=1e-3)
    with one_thread():
        network = trained(data, "random", config, "mn01_as")
        features = unit_features(network, data)
    assert features.shape == (16, sum(network.branch_dims)) and np.allclose(np.linalg.norm(features, axis=1), 1)
    within, across = features[0::2] @ features[0::2].T, features[0::2] @ features[1::2].T
    assert within.mean() > across.mean()


def test_integers_come_back_as_the_samples_they_were():
    assert as_float(np.array([[-32768, 0, 16384]], np.int16)).tolist() == [[-1.0, 0.0, 0.5]]
