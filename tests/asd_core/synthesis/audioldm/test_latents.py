import torch

from asd_core.synthesis.audioldm.latents import latents
from tests.asd_core.synthesis.audioldm.tiny import tiny_components


def mel(frames=64):
    return -11.5 * torch.rand(2, frames, 64, generator=torch.Generator().manual_seed(3))


def test_latents_of_a_whole_segment_have_the_published_shape():
    assert latents(tiny_components(), mel(1024)[:1], torch.Generator().manual_seed(0)).shape == (1, 8, 256, 16)


def test_latents_are_a_sample_of_the_posterior_times_the_scaling_factor():
    vae = tiny_components().vae
    with torch.no_grad():
        moments = vae.quant_conv(vae.encoder(mel()[:, None]))
    mean, log_variance = moments[:, :8], moments[:, 8:]
    noise = torch.randn(2, 8, 16, 16, generator=torch.Generator().manual_seed(5))
    expected = vae.config.scaling_factor * (mean + (0.5 * log_variance).exp() * noise)
    made = latents(tiny_components(), mel(), torch.Generator().manual_seed(5))
    assert torch.allclose(made, expected, atol=1e-5)
    assert 0.8 < made.std() < 1.2
