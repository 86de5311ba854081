import torch
from torch import nn

from asd_core.encoders.multires.blocks import (
    ResidualBlock,
    SqueezeExcitation,
    after_convolution,
    before_convolutions,
)


def test_excitation_is_a_weight_for_each_channel_of_its_mean():
    block, x = SqueezeExcitation(32), torch.randn(2, 32, 5, 7)
    first, last = block.layers[0].weight, block.layers[2].weight
    weights = torch.sigmoid(torch.relu(x.mean(dim=(2, 3)) @ first.T) @ last.T)
    torch.testing.assert_close(block(x), x * weights[:, :, None, None])
    assert first.shape == (2, 32) and SqueezeExcitation(4).layers[0].weight.shape == (1, 4)


def test_the_short_way_begins_after_the_normalisation():
    block = ResidualBlock(16, 16, 1, True).eval()
    nn.init.zeros_(block.layers[4].weight)  # nothing comes out of the long way
    block.norm.weight.data.fill_(3.0)
    x = torch.randn(1, 16, 6, 6)
    torch.testing.assert_close(block(x), block.norm(x))


def test_stride_2_halves_both_sides():
    assert ResidualBlock(8, 16, 2, False)(torch.randn(2, 8, 9, 6)).shape == (2, 16, 5, 3)


def test_lengths_after_and_before_convolutions_are_those_of_torch():
    for length in range(20, 60):
        assert nn.Conv1d(1, 1, 7, 3)(torch.zeros(1, 1, length)).shape[2] == after_convolution(length, 7, 3)
        padded = nn.MaxPool1d(3, 2, padding=1)(torch.zeros(1, 1, length))
        assert padded.shape[2] == after_convolution(length, 3, 2, padding=1)
    layers = ((9, 4), (5, 2))
    for length, left in ((before_convolutions(layers), 1), (before_convolutions(layers) - 1, 0)):
        assert after_convolution(after_convolution(length, 9, 4), 5, 2) == left
