import torch
from torch import nn

from asd_core.encoders.multires.sizes import after_convolution, before_convolutions, kept_bins


def test_lengths_after_and_before_convolutions_are_those_of_torch():
    for length in range(20, 60):
        assert nn.Conv1d(1, 1, 7, 3)(torch.zeros(1, 1, length)).shape[2] == after_convolution(length, 7, 3)
        padded = nn.MaxPool1d(3, 2, padding=1)(torch.zeros(1, 1, length))
        assert padded.shape[2] == after_convolution(length, 3, 2, padding=1)
    layers = ((9, 4), (5, 2))
    for length, left in ((before_convolutions(layers), 1), (before_convolutions(layers) - 1, 0)):
        assert after_convolution(after_convolution(length, 9, 4), 5, 2) == left


def test_bins_run_from_the_first_at_f_min_to_f_max_inclusive():
    assert kept_bins(256, 16_000, 200.0, 8000.0) == (4, 129)
    assert kept_bins(256, 16_000, 187.5, 1000.0) == (3, 17)
    assert kept_bins(256, 16_000, 0.0, 9000.0) == (0, 129)
