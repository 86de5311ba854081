import torch

from asd_core.synthesis.audioldm.random_parts import byte_tokenizer
from tests.asd_core.synthesis.audioldm.tiny import tiny_components


def test_a_caption_is_its_bytes_between_two_marks():
    tokens = byte_tokenizer()("fan: ä").input_ids
    assert len(tokens) == 2 + len("fan: ä".encode())
    assert (tokens[0], tokens[-1]) == (0, 2)
    assert byte_tokenizer().decode(tokens, skip_special_tokens=True) == "fan: ä"


def test_latents_of_random_weights_have_deviation_1_and_a_narrow_posterior():
    vae = tiny_components().vae
    torch.manual_seed(1)
    with torch.no_grad():
        found = vae.encode(-11.5 * torch.rand(2, 1, 64, 64)).latent_dist
    assert 0.9 < found.mean.std() * vae.config.scaling_factor < 1.1
    assert found.std.max() * vae.config.scaling_factor < 0.02


def test_sound_of_random_weights_can_be_heard():
    torch.manual_seed(1)
    with torch.no_grad():
        sound = tiny_components().vocoder(-11.5 * torch.rand(1, 64, 64))
    assert 0.03 < sound.std() < 0.3
    assert sound.abs().max() <= 1
