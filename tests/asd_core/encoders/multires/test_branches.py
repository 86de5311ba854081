import pytest
import torch

from asd_core.encoders.multires.branches import AxisBranch, ImageBranch, NarrowBranch
from asd_core.encoders.multires.sizes import SPECTRUM_LAYERS, before_convolutions


def test_the_least_length_of_an_axis_is_enough():
    length = before_convolutions(SPECTRUM_LAYERS)
    assert AxisBranch(length, 1, SPECTRUM_LAYERS, 8, 4, True)(torch.randn(2, 1, length)).shape == (2, 4)


@pytest.mark.parametrize(("bins", "frames", "along_bins"), [(4400, 20, True), (20, 4400, False)])
def test_a_narrow_spectrogram_is_seen_along_its_long_side(bins, frames, along_bins):
    branch = NarrowBranch(bins, frames, 8, 4, True)
    assert branch.along_bins is along_bins
    assert branch.axis.layers[0].in_channels == min(bins, frames)
    assert branch(torch.randn(2, bins, frames)).shape == (2, 4)


def test_an_image_of_any_length_is_one_embedding_and_its_maximum_does_not_ask_when():
    branch = ImageBranch(40, 16, 4, True).eval()
    x = torch.zeros(1, 40, 300)
    x[:, :, 100:120] = 1.0
    later = torch.roll(x, 32, dims=2)  # a whole number of the steps of all strides
    assert branch(x[:, :, :200]).shape == (1, 4)
    torch.testing.assert_close(branch(x), branch(later), atol=2e-3, rtol=0)


def test_no_layer_but_batch_normalisation_has_a_bias_and_it_can_be_without():
    for branch in (ImageBranch(40, 16, 4, True), NarrowBranch(4400, 20, 8, 4, True)):
        assert all("bias" not in name or parameter.ndim == 1 for name, parameter in branch.named_parameters())
    plain = ImageBranch(40, 16, 4, False)
    assert not [name for name, _ in plain.named_parameters() if "bias" in name]
