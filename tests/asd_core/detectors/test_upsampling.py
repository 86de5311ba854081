import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.upsampling import memmixup, smote, synthetic_targets

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.normal(size=(60, 4))
IS_TARGET = np.arange(60) >= 54


def made(is_target=IS_TARGET, **options):
    return synthetic_targets(ROWS, is_target, MemoryBankConfig(**options))


def test_smote_lies_between_a_target_clip_and_one_of_its_k_nearest():
    targets = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [9.0, 9.0]])
    rows = smote(targets, 200, 1, np.random.default_rng(0))
    on_first = (rows[:, 1] == 0) & (rows[:, 0] >= 0) & (rows[:, 0] <= 1)  # 0 and 1 are nearest to each other
    on_second = (rows[:, 0] == 0) & (rows[:, 1] >= 0) & (rows[:, 1] <= 2)  # 2 goes toward 0
    on_third = np.isclose(9 * (rows[:, 1] - 2), 7 * rows[:, 0]) & (rows[:, 1] >= 2)  # 3 goes toward 2
    assert (on_first | on_second | on_third).all()
    assert on_first.any() and on_second.any() and on_third.any()


def test_smote_brings_targets_to_the_ratio_of_sources():
    rows, notes = made(target_upsampling="smote", target_ratio=0.5)
    assert (rows.shape, notes) == ((27 - 6, 4), [])
    assert made(target_upsampling="smote", target_ratio=0.1)[0].shape == (0, 4)


def test_smote_is_the_same_for_the_same_seed_only():
    first, again, other = (made(target_upsampling="smote", target_ratio=0.5, seed=seed)[0] for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_smote_of_one_target_or_none_is_noted():
    assert made(np.arange(60) == 59, target_upsampling="smote")[1] == [
        "1 target clip: smote needs 2 to go between, it made none"
    ]
    rows, notes = made(np.zeros(60, dtype=bool), target_upsampling="memmixup")
    assert (len(rows), notes) == (0, ["no target clips: memmixup made none"])


def test_memmixup_mixes_every_pair_by_the_weight():
    mixed = memmixup(np.array([[10.0], [20.0]]), np.array([[0.0], [1.0], [2.0]]), 0.9)
    assert_allclose(mixed.ravel(), [9.0, 9.1, 9.2, 18.0, 18.1, 18.2])
    assert made(target_upsampling="memmixup")[0].shape == (6 * 54, 4)
