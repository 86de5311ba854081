import torch
from torch import nn

from asd_core.encoders.multires.blocks import ResidualBlock, SqueezeExcitation


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
