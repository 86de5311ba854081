import pytest
import torch
from torch.nn.functional import avg_pool2d, batch_norm, conv2d

from asd_core.encoders.panns.network import EMBEDDING_DIM, MELS, from_published, random_network
from tests.asd_core.encoders.panns.checkpoints import published


@pytest.fixture(scope="module")
def network():
    """80 million weights, which take a second to draw."""
    return random_network(0).eval()


def slowly(tensors, log_mels):
    """Cnn14 after its paper: six blocks of two convolutions, halved but for the last, then mean and maximum."""

    def normalised(x, name):
        parts = [tensors[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return batch_norm(x, *parts)

    x = normalised(log_mels[:, None].transpose(1, 3), "bn0").transpose(1, 3)
    for number in range(1, 7):
        for layer in (1, 2):
            block = f"conv_block{number}"
            x = conv2d(x, tensors[f"{block}.conv{layer}.weight"], padding=1)
            x = normalised(x, f"{block}.bn{layer}").clamp(min=0)
        x = avg_pool2d(x, 2) if number < 6 else x
    x = x.mean(dim=3)
    pooled = x.amax(dim=2) + x.mean(dim=2)
    return (pooled @ tensors["fc1.weight"].T + tensors["fc1.bias"]).clamp(min=0)


def test_the_embedding_is_that_of_a_second_implementation_on_the_published_names(network):
    generator = torch.Generator().manual_seed(1)
    with torch.inference_mode():
        for name, tensor in network.state_dict().items():  # so that each normalisation does something of its own
            if "norm" in name and tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        log_mels = torch.randn(2, 40, MELS, generator=generator)
        made = network(log_mels)
        assert made.shape == (2, EMBEDDING_DIM) and made.any()
        torch.testing.assert_close(made, slowly(published(network), log_mels), rtol=1e-4, atol=1e-5)


def test_names_of_a_checkpoint_are_those_of_the_network_and_no_others(network):
    assert set(from_published(published(network))) == set(network.state_dict())


def test_a_seed_gives_the_same_weights(network):
    one, other = (random_network(seed).fc1.weight for seed in (0, 4))
    assert torch.equal(one, network.fc1.weight) and not torch.equal(one, other)
