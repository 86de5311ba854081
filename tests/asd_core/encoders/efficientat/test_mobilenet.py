import pytest
import torch

from asd_core.encoders.efficientat.mobilenet import STAGES, MobileNet, SqueezeExcitation
from asd_core.encoders.efficientat.weights import random_network


@pytest.mark.parametrize(("width", "parameters"), [(0.4, 983_599), (1.0, 4_876_831)])
def test_it_has_as_many_parameters_as_the_public_networks(width, parameters):
    with torch.device("meta"):
        assert sum(weights.numel() for weights in MobileNet(width).parameters()) == parameters


def test_each_stage_halves_maps_as_its_stride_says():
    network, maps = random_network(0.1, 0), torch.zeros(1, 1, 128, 1000)
    sizes = [tuple((maps := layer(maps)).shape[2:]) for layer in network.features][:-1]
    strides = [2, *(stage.stride for stage in STAGES)]
    rows, columns = 128, 1000
    for size, stride in zip(sizes, strides, strict=True):
        rows, columns = -(-rows // stride), -(-columns // stride)
        assert size == (rows, columns)


def test_gains_come_from_the_means_of_all_channels():
    gain, maps = SqueezeExcitation(32), torch.randn(2, 32, 3, 5)
    by_hand = torch.sigmoid(gain.fc2(torch.relu(gain.fc1(maps.mean(dim=(2, 3))))))
    torch.testing.assert_close(gain(maps), maps * by_hand[..., None, None])


def test_logits_are_the_whole_classifier_on_the_last_maps():
    network, spectrograms = random_network(0.1, 1), torch.randn(2, 1, 128, 50)
    torch.testing.assert_close(
        network.logits(network(spectrograms)), network.classifier(network.features(spectrograms))
    )
