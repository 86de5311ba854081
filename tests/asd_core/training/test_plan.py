from dataclasses import replace

import numpy as np
import pytest

from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.plan import TrainingPlan

CONFIG = TrainingConfig(epochs=3, batch_size=6, keep=(), validation_share=0.25)
INDICES = np.array([0] * 9 + [1] * 9 + [2, -1])


def test_each_class_has_its_share_held_out_and_keeps_a_clip():
    plan = TrainingPlan(CONFIG, INDICES)
    assert np.bincount(INDICES[plan.held_out], minlength=3).tolist() == [2, 2, 0]
    assert sorted([*plan.held_out, *plan.trained]) == list(range(19))


def test_an_epoch_takes_each_clip_once_at_most_in_an_order_of_its_own():
    plan = TrainingPlan(CONFIG, INDICES)
    assert (len(plan.trained), plan.batches_per_epoch, plan.batches, plan.epochs) == (15, 2, 6, 3)
    epochs = [np.concatenate([plan.positions(2 * epoch + place) for place in (0, 1)]) for epoch in range(3)]
    assert all(len(set(order)) == 12 and set(order) <= set(plan.trained) for order in epochs)
    assert not np.array_equal(epochs[0], epochs[1])
    assert all(np.array_equal(plan.positions(2), TrainingPlan(CONFIG, INDICES).positions(2)) for _ in range(2))


def test_workers_share_each_batch():
    one, two = TrainingPlan(CONFIG, INDICES), TrainingPlan(CONFIG, INDICES, workers=2)
    for batch in range(one.batches):
        shares = [two.positions(batch, rank) for rank in (0, 1)]
        assert np.array_equal(np.concatenate(shares), one.positions(batch))


def test_steps_add_up_batches_across_epochs():
    plan = TrainingPlan(replace(CONFIG, accumulation=4), INDICES)
    assert [list(plan.batches_of_step(step)) for step in range(plan.steps)] == [[0, 1, 2, 3], [4, 5]]
    assert [plan.epochs_done(step) for step in range(3)] == [0, 2, 3] and plan.epoch_of(3) == 2
    counted = TrainingPlan(replace(CONFIG, steps=5, accumulation=2), INDICES)
    assert (counted.batches, counted.steps, counted.epochs, counted.kept) == (10, 5, 5, (5,))


def test_few_clips_are_one_batch():
    plan = TrainingPlan(replace(CONFIG, batch_size=64), INDICES)
    assert (plan.batch_size, plan.batches_per_epoch) == (15, 1)


@pytest.mark.parametrize(
    ("more", "workers", "message"),
    [
        ({"batch_size": 5}, 2, "cannot be shared by 2 workers"),
        ({}, 12, "cannot be shared by 12"),
        ({"batch_size": 8}, 8, "15 clips are too few to train on with 8 workers"),
        ({"steps": 2, "keep": (1, 2)}, 1, "training.steps = 2 ends in epoch 1"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(more, workers, message):
    with pytest.raises(UsageError, match=message):
        TrainingPlan(replace(CONFIG, **more), INDICES, workers)
