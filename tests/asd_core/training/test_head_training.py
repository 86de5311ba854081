from dataclasses import replace

import numpy as np
import pytest
import torch

from asd_core.encoders.head.arrays import class_log_probabilities, head_embeddings
from asd_core.errors import AsdError, UsageError
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.head_training import HeadExamples, member_seed, train_head, untrained_head

CONFIG = TrainingConfig(
    mixup=0.0,
    splice=0.5,
    epochs=5,
    keep=(),
    head_hidden=(16,),
    head_output=8,
    batch_size=32,
    learning_rate=0.01,
    validation_share=0.25,
)


def examples(classes=3, count=40, **changes):
    """Classes whose means lie a deviation apart in every number."""
    draw = np.random.default_rng(0)
    indices = np.arange(classes * count) % classes
    rows = draw.normal(size=(classes, 12))[indices] + draw.normal(size=(len(indices), 12))
    return HeadExamples(rows.astype(np.float32), indices, classes, **changes)


def accuracy(head, given, rows):
    own = class_log_probabilities(head.arrays, head_embeddings(head.arrays, given.embeddings[rows]))[:, :3]
    return np.mean(own.argmax(axis=1) == given.indices[rows])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train_head(examples(), replace(CONFIG, head_members=2), str(tmp_path_factory.mktemp("store")), "run")


def test_a_head_learns_what_an_untrained_one_does_not_know(trained):
    given = examples()
    held_out = trained.held_out
    assert accuracy(trained, given, held_out) > accuracy(untrained_head(given, CONFIG), given, held_out) + 0.2
    assert trained.histories[0][-1]["validation_accuracy"] is not None


def test_all_members_hold_out_the_same_share_of_each_class(trained):
    assert np.bincount(examples().indices[trained.held_out]).tolist() == [10, 10, 10]
    assert [len(one) for one in trained.histories] == [5 * (90 // 32)] * 2
    assert trained.arrays["centres"].shape == (2, 2 * 3 * 16, 8)  # splicing doubles the classes


def test_a_run_that_broke_between_members_ends_with_the_same_head(trained, tmp_path):
    class Broken(Exception):
        pass

    def report(step, steps, loss):
        if step > 0.8 * steps:
            raise Broken

    config = replace(CONFIG, head_members=2)
    with pytest.raises(Broken):
        train_head(examples(), config, str(tmp_path), "run", report)
    done = []
    resumed = train_head(examples(), config, str(tmp_path), "run", lambda step, steps, loss: done.append(step))
    assert min(done) > 10  # the first member is not trained again
    for name, array in trained.arrays.items():
        np.testing.assert_array_equal(resumed.arrays[name], array)


@pytest.mark.parametrize("changes", [{"head_branches": 3, "extra_loss": "featex"}, {"loss": "arcface", "splice": 0.0}])
def test_every_loss_trains_a_head(changes, tmp_path):
    head = train_head(examples(), replace(CONFIG, epochs=1, **changes), str(tmp_path), "run")
    own = head_embeddings(head.arrays, examples().embeddings)
    np.testing.assert_allclose(np.linalg.norm(own, axis=1), 1)
    np.testing.assert_allclose(np.exp(class_log_probabilities(head.arrays, own)).sum(axis=1), 1, atol=1e-6)


def test_whitening_and_standards_come_from_trained_clips_alone(tmp_path):
    given = examples()
    plain = untrained_head(given, CONFIG)
    other = given.embeddings.copy()
    other[plain.held_out] *= 7
    changed = untrained_head(replace(given, embeddings=other), CONFIG)
    for name, array in plain.arrays.items():
        np.testing.assert_array_equal(changed.arrays[name], array)


def test_powers_are_taken_in_logarithms():
    given = examples()
    logarithms = untrained_head(given, CONFIG)
    powers = replace(given, embeddings=np.exp(given.embeddings.astype(np.float64)).astype(np.float32), are_powers=True)
    found = untrained_head(powers, CONFIG)
    np.testing.assert_allclose(
        head_embeddings(found.arrays, powers.embeddings),
        head_embeddings(logarithms.arrays, given.embeddings),
        atol=2e-3,
    )


def test_what_cannot_be_learnt_from_is_told_in_one_line(tmp_path):
    with pytest.raises(AsdError, match="takes powers, but an embedding holds -"):
        examples(are_powers=True)
    broken = examples().embeddings.copy()
    broken[3, 1] = np.nan
    with pytest.raises(AsdError, match="1 embeddings hold values that are not finite"):
        HeadExamples(broken, np.zeros(len(broken), np.int64), 1)
    with pytest.raises(UsageError, match="training.splice mixes labels"):
        train_head(examples(), replace(CONFIG, loss="arcface"), str(tmp_path), "run")


def test_members_have_seeds_of_their_own_and_the_first_that_of_the_head():
    seeds = [member_seed(seed, number) for seed in range(5) for number in range(3)]
    assert len(set(seeds)) == 15 and seeds[::3] == list(range(5))
    torch.Generator().manual_seed(max(seeds))
