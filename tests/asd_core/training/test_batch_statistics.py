import torch
from torch import nn

from asd_core.training.batch_statistics import exact_statistics, has_statistics


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.BatchNorm1d(4), nn.ReLU(), nn.BatchNorm1d(4))


def test_statistics_are_the_means_over_the_batches_with_the_weights_as_they_are():
    torch.manual_seed(0)
    model, batches = network().train(), list(torch.randn(5, 8, 3))
    for _ in range(3):
        model(10 + 5 * torch.randn(8, 3))  # moving averages of something else
    exact_statistics(model, batches)
    first = [model[0](one) for one in batches]  # without dropout
    assert torch.allclose(model[2].running_mean, torch.stack([one.mean(0) for one in first]).mean(0), atol=1e-5)
    assert torch.allclose(model[2].running_var, torch.stack([one.var(0) for one in first]).mean(0), atol=1e-5)
    assert model[2].momentum == 0.1 and not any(part.training for part in model.modules())


def test_one_batch_then_looks_in_use_as_it_does_in_training():
    torch.manual_seed(0)
    model, batch = network(), torch.randn(1024, 3)
    exact_statistics(model, [batch])
    seen = model(batch)
    model.train()
    model[1].eval()
    assert torch.allclose(seen, model(batch), atol=0.03)  # but for n against n - 1 in the variance


def test_a_network_without_batch_normalisation_has_none():
    assert has_statistics(network()) and not has_statistics(nn.Linear(1, 1))
