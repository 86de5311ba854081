import torch

from asd_core.training.pseudo_labels.triplet.network import EMBEDDING_DIM, new_network


def test_a_clip_of_18_seconds_becomes_128_numbers():
    network = new_network(16, 0).eval()
    spectrograms = network.spectrogram(torch.randn(2, 18 * 16_000))
    assert spectrograms.shape == (2, 500, 563) and network(spectrograms).shape == (2, EMBEDDING_DIM)


def test_a_steady_sound_more_changes_nothing():
    network = new_network(16, 0).eval()
    spectrograms = network.spectrogram(torch.randn(2, 16_000))
    steady = torch.rand(1, 500, 1)
    assert torch.allclose(network(spectrograms), network(spectrograms + steady), atol=1e-5)


def test_the_papers_network_has_its_number_of_parameters():
    assert 0.7e6 < sum(parameter.numel() for parameter in new_network(128, 0).parameters()) < 1.3e6
