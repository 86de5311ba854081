from dataclasses import replace

import numpy as np
import pytest
import torch

from asd_core.encoders.checkpoint_files import tensors_digest
from asd_core.errors import AsdError
from asd_core.training.checkpoints import Checkpoints
from tests.asd_core.training.examples import CONFIG, ArraySource, new_model, trained, waveforms

EXACT = {"batch_statistics": "exact"}


class Broken(Exception):
    pass


def broken_at(step):
    def report(done, steps, loss):
        if done == step:
            raise Broken

    return report


def test_a_training_learns_and_keeps_the_epochs_that_are_asked_for(tmp_path):
    config = replace(CONFIG, epochs=20, keep=(2, 20), learning_rate=0.01)
    _, done = trained(tmp_path, config)
    judged = [row for row in done.history if row["validation_loss"] is not None]
    first, last = judged[0], judged[-1]
    assert done.step == 20 * 3 and list(done.kept) == [2, 20]
    assert last["validation_loss"] < first["validation_loss"] and last["validation_accuracy"] > 0.6


@pytest.mark.parametrize("more", [{}, {"accumulation": 3}, {"extra_loss": "featex"}, {"steps": 13, "keep": []}, EXACT])
def test_a_training_that_breaks_ends_with_the_weights_of_an_unbroken_one(tmp_path, more):
    config = replace(CONFIG, **{"keep": (4,), **more})
    whole, done = trained(tmp_path / "whole", config)
    for step in (1, 2, 3):
        with pytest.raises(Broken):
            trained(tmp_path / "broken", config, report=broken_at(step), save_seconds=0.0 if step == 1 else 300.0)
    again, resumed = trained(tmp_path / "broken", config)
    assert tensors_digest([again.state_dict()]) == tensors_digest([whole.state_dict()])
    assert resumed.history == done.history and resumed.step == done.step
    kept = [Checkpoints(str(tmp_path / place), "run").read(done.kept[max(done.kept)]) for place in ("whole", "broken")]
    assert kept[0] == kept[1]


def test_a_finished_training_does_nothing_again(tmp_path):
    trained(tmp_path)
    source = ArraySource(waveforms())
    _, done = trained(tmp_path, source=source)
    assert done.step == 12 and not source.asked


def test_another_seed_gives_other_weights_and_the_same_seed_the_same(tmp_path):
    digests = [
        tensors_digest([trained(tmp_path / str(number), replace(CONFIG, seed=seed))[0].state_dict()])
        for number, seed in enumerate((0, 0, 1))
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_loss_that_is_not_finite_stops_with_the_last_good_checkpoint(tmp_path):
    rows = waveforms()

    class Bad(ArraySource):
        def __call__(self, batches):
            for number, (positions, inputs) in enumerate(super().__call__(batches)):
                yield positions, inputs if number < 6 else np.full_like(inputs, np.nan)

    with pytest.raises(AsdError, match=r"the loss of step 7 is nan: .* last checkpoint before that stays"):
        trained(tmp_path, source=Bad(rows))
    left = Checkpoints(str(tmp_path), "run").progressed()
    assert left.step == 6
    model, _ = trained(tmp_path)
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    with pytest.raises(Broken):
        trained(tmp_path, report=broken_at(5))
    with pytest.raises(AsdError, match="another network: .*one.weight has the shape"):
        trained(tmp_path, model=new_model(width=5))


def test_a_batch_of_which_nothing_is_left_is_one_line(tmp_path):
    class Gone(ArraySource):
        def __call__(self, batches):
            for one in batches:
                yield one.positions[:0], self.rows[:0]

    with pytest.raises(AsdError, match="no clip of a batch can be read any more"):
        trained(tmp_path, source=Gone(waveforms()))


def test_exact_statistics_leave_the_course_of_the_weights_as_it_is(tmp_path):
    """In training, batches are normalised by their own statistics."""
    moving, exact = (trained(tmp_path / str(len(more)), replace(CONFIG, **more))[0] for more in ({}, EXACT))
    mine, theirs = moving.state_dict(), exact.state_dict()
    differing = {name for name, value in mine.items() if not torch.equal(value, theirs[name])}
    assert differing == {f"network.norm.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}
