from dataclasses import replace

import pytest
import torch

from asd_core.training.step import batch_seed, new_optimiser, train_step
from asd_core.training.world import Alone
from tests.asd_core.training.examples import CLASSES, CONFIG, new_model, waveforms

PLAIN = replace(CONFIG, mixup=0.0, learning_rate=0.01)


def batch(numbers):
    return torch.from_numpy(waveforms()[numbers]), torch.from_numpy(CLASSES[numbers])


def test_a_step_lowers_the_loss_of_its_batch():
    model = new_model(PLAIN).train()
    optimiser = new_optimiser(model, PLAIN)
    losses = [float(train_step(model, optimiser, [(*batch(range(12)), 1)], 0.01, PLAIN, Alone())) for _ in range(30)]
    assert losses[-1] < losses[0]


def test_gradients_of_accumulated_batches_are_those_of_their_mean():
    """Without what mixes the clips of a batch: batch statistics, and dropout drawn for it."""
    model = new_model(PLAIN).eval()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    parts = [(*batch(range(8)), 1), (*batch(range(8, 16)), 2)]
    before = [value.detach().clone() for value in model.parameters()]
    train_step(model, optimiser, parts, 0.1, PLAIN, Alone())
    summed = [value.detach().clone() for value in model.parameters()]
    for value, old in zip(model.parameters(), before, strict=True):
        value.data = old.clone()
    train_step(model, optimiser, [(*batch(range(16)), 1)], 0.1, PLAIN, Alone())
    for value, other in zip(model.parameters(), summed, strict=True):
        assert torch.allclose(value, other, atol=1e-6)


def test_a_gradient_is_cut_to_its_longest_length():
    model = new_model(PLAIN).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.0)
    train_step(model, optimiser, [(*batch(range(8)), 1)], 0.0, replace(PLAIN, clip_gradient=1e-3), Alone())
    length = torch.cat([value.grad.ravel() for value in model.parameters() if value.grad is not None]).norm()
    assert float(length) == pytest.approx(1e-3, rel=1e-3)


def test_bf16_is_for_the_network_alone():
    half = new_model(replace(PLAIN, precision="bf16")).eval()
    whole = new_model(PLAIN).eval()
    inputs, _ = batch(range(4))
    with torch.no_grad():
        difference = (half.embedded(inputs) - whole.embedded(inputs)).abs().max()
    assert half.embedded(inputs).dtype == torch.float32 and 0 < float(difference) < 0.1


def test_every_part_of_a_batch_has_a_seed_of_its_own():
    seeds = [batch_seed(seed, number, rank) for seed in (0, 1) for number in (0, 1) for rank in (0, 1)]
    assert len(set(seeds)) == 8 and seeds[0] == batch_seed(0, 0, 0)
