import torch

from asd_core.encoders.efficientat.network import EfficientAt
from asd_core.encoders.efficientat.weights import random_network


def network():
    return EfficientAt(random_network(0.1, 0)).eval()


def test_features_are_the_mean_of_the_maps():
    made, waveforms = network(), torch.randn(2, 8_000)
    assert made(waveforms).shape == (2, sum(made.branch_dims))
    torch.testing.assert_close(made(waveforms), made.maps(waveforms).mean(dim=(2, 3)))


def test_spectrograms_are_masked_while_training_only():
    made, waveforms = network(), torch.randn(1, 8_000)
    made.masking = torch.nn.Threshold(1e9, 7.0)
    assert (made.spectrograms(waveforms) != 7).all()
    assert (made.train().spectrograms(waveforms) == 7).all()


def test_all_of_its_parameters_are_the_public_networks():
    assert {name.removeprefix("mobilenet.") for name in network().state_dict()} == set(
        random_network(0.1, 0).state_dict()
    )
