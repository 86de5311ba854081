import pytest
import torch
from torch import nn

from asd_core.encoders.multires.network import new_multires
from asd_core.encoders.multires.options import MultiresOptions

SMALL = MultiresOptions(stft=(1024, 256), channels=16, embedding=8)
SECONDS = 4.5
NOISE = torch.randn(2, 72_000, generator=torch.Generator().manual_seed(0))


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_papers_network_has_the_size_of_its_code():
    network = new_multires(MultiresOptions(), 18.0, 0)
    assert parameters(network.spectrum) == 1_662_208
    assert [parameters(image) for image in network.images] == [1_757_610, 772_106]
    assert parameters(network) == 4_191_924 and network.branch_dims == (128, 128, 128)


def test_branches_stand_side_by_side_and_each_hears_the_waveform():
    network = new_multires(SMALL, SECONDS, 0).eval()
    out = network(NOISE)
    spectrum = network.spectrum(torch.fft.rfft(NOISE).abs()[:, None])
    images = [image(one(NOISE)) for one, image in zip(network.spectrograms, network.images, strict=True)]
    assert torch.equal(out, torch.cat([spectrum, *images], dim=1)) and out.shape == (2, sum(network.branch_dims))


@pytest.mark.parametrize(("spectrum", "stft", "dims"), [(False, (256,), 1), (True, (), 1), (True, (512, 256, 128), 4)])
def test_any_list_of_resolutions_makes_a_network(spectrum, stft, dims):
    options = MultiresOptions(spectrum=spectrum, stft=stft, channels=8, embedding=4)
    assert new_multires(options, SECONDS, 0)(NOISE).shape == (2, 4 * dims)


def test_a_seed_alone_gives_the_weights_and_leaves_torchs_own_draws_alone():
    torch.manual_seed(5)
    after = torch.rand(1)
    torch.manual_seed(5)
    one, other, third = (new_multires(SMALL, SECONDS, seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.rand(1), after)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one["images.0.last.2.weight"], third["images.0.last.2.weight"])


def test_a_clip_has_the_same_embedding_in_any_batch():
    network = new_multires(SMALL, SECONDS, 0).eval()
    torch.testing.assert_close(network(NOISE)[1:2], network(NOISE[1:2]), rtol=1e-4, atol=1e-6)


def test_every_weight_is_reached_by_the_gradient():
    network = new_multires(SMALL, SECONDS, 0)
    network(NOISE).square().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]


class Silence(nn.Module):
    def forward(self, spectrogram):
        return spectrogram * 0


def test_spectrograms_are_masked_while_it_trains_and_only_then():
    network = new_multires(SMALL, SECONDS, 0)
    plain = network(NOISE)
    network.masking = Silence()
    masked = network(NOISE)
    assert torch.equal(masked[:, :8], plain[:, :8])  # the spectrum
    assert not torch.allclose(masked[:, 8:], plain[:, 8:])
    network.eval()
    heard = network(NOISE)
    network.masking = None
    assert torch.equal(network(NOISE), heard)


def test_the_least_seconds_that_a_message_names_are_enough():
    options = {"channels": 8, "embedding": 4}
    new_multires(MultiresOptions(stft=(), **options), 4.38, 0)
    new_multires(MultiresOptions(spectrum=False, stft=(4096,), **options), 4.48, 0)


def test_bf16_changes_little_and_spectrograms_stay_in_float32():
    network = new_multires(SMALL, SECONDS, 0).eval()
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(NOISE).float()
    assert torch.nn.functional.cosine_similarity(rough, network(NOISE)).min() > 0.98
