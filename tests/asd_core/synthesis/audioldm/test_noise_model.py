from copy import deepcopy
from dataclasses import replace

import numpy as np
import torch

from asd_core.recipe.training_settings import TrainingConfig
from asd_core.synthesis.audioldm.components import NETWORKS
from asd_core.synthesis.audioldm.mel import log_mel
from asd_core.synthesis.audioldm.noise_model import NoiseModel
from asd_core.synthesis.audioldm.text import text_embeddings
from asd_core.synthesis.audioldm.trained_weights import trained_part
from asd_core.training.step import new_optimiser, train_step
from asd_core.training.world import Alone
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components

CAPTIONS = ["a fan", "a pump"]
WAVEFORMS = torch.from_numpy(0.1 * np.random.default_rng(0).normal(size=(4, 2560))).float()
NUMBERS = torch.tensor([0, 1, 1, 0])
RATE = 0.01


def model_of(config):
    """A model, and its components, with weights of its own."""
    made = tiny_components()
    own = replace(made, unet=deepcopy(made.unet))
    embeddings = text_embeddings(own, [*CAPTIONS, ""])
    return NoiseModel(trained_part(own.unet, config), own, embeddings, config), own


def hand_written_loss(components, unconditional, seed):
    """DDPM's loss (Ho et al. 2020, eq. 4 and 14), from the noise levels of a scaled-linear course on."""
    draw = torch.Generator().manual_seed(seed)
    vae = components.vae
    with torch.no_grad():
        moments = vae.quant_conv(vae.encoder(log_mel(WAVEFORMS)[:, None]))
    mean, log_variance = moments[:, :8], moments[:, 8:]
    clean = (mean + torch.exp(log_variance / 2) * torch.randn(mean.shape, generator=draw)) * vae.config.scaling_factor
    times = torch.randint(0, 1000, (4,), generator=draw)
    noise = torch.randn(clean.shape, generator=draw)
    dropped = torch.rand(4, generator=draw) < unconditional
    betas = torch.linspace(0.0015**0.5, 0.0195**0.5, 1000, dtype=torch.float64) ** 2
    kept = torch.cumprod(1 - betas, 0)[times].float()[:, None, None, None]
    texts = text_embeddings(components, CAPTIONS)[NUMBERS]
    texts[dropped] = text_embeddings(components, [""])
    told = components.unet(
        kept.sqrt() * clean + (1 - kept).sqrt() * noise, times, encoder_hidden_states=None, class_labels=texts
    )
    return ((told.sample - noise) ** 2).mean(), int(dropped.sum())


def test_one_step_is_the_hand_written_one():
    config = replace(TINY, unconditional=0.5)
    model, _ = model_of(config)
    training = TrainingConfig(learning_rate=RATE, weight_decay=0.01, keep=())
    loss = train_step(model, new_optimiser(model, training), [(WAVEFORMS, NUMBERS, 11)], RATE, training, Alone())
    _, own = model_of(config)
    expected, dropped = hand_written_loss(own, 0.5, 11)
    assert 0 < dropped < 4
    assert abs(loss - expected) < 1e-5
    expected.backward()
    moved = dict(model.network.named_parameters())
    for name, value in own.unet.named_parameters():
        # AdamW's first step: weights decay, and go by the rate against the sign of the gradient.
        step = RATE * value.grad / (value.grad.abs() + 1e-8)
        clear = value.grad.abs() > 1e-5  # below, the sign hangs on rounding
        difference = (moved[name] - (value * (1 - RATE * 0.01) - step)).detach()
        assert not clear.any() or difference[clear].abs().max() < 1e-5


def test_every_clip_without_a_caption_is_led_by_the_empty_text():
    model, own = model_of(replace(TINY, unconditional=1.0))
    with torch.no_grad():
        assert torch.equal(model(WAVEFORMS, NUMBERS, 3), model(WAVEFORMS, 1 - NUMBERS, 3))
    whole, _ = model_of(replace(TINY, unconditional=0.0))
    with torch.no_grad():
        assert not torch.equal(whole(WAVEFORMS, NUMBERS, 3), whole(WAVEFORMS, 1 - NUMBERS, 3))


def test_the_loss_follows_from_the_seed_alone():
    model, _ = model_of(TINY)
    with torch.no_grad():
        torch.manual_seed(1)
        first = model(WAVEFORMS, NUMBERS, 3)
        torch.manual_seed(2)
        assert torch.equal(first, model(WAVEFORMS, NUMBERS, 3))
        assert not torch.equal(first, model(WAVEFORMS, NUMBERS, 4))


def test_only_what_moves_is_in_a_checkpoint_and_gets_gradients():
    for trains, at_least in (("unet", 100), ("lora", 4)):
        model, own = model_of(replace(TINY, trains=trains))
        before = {name: deepcopy(getattr(own, name).state_dict()) for name in NETWORKS if name != "unet"}
        training = TrainingConfig(keep=())
        train_step(model, new_optimiser(model, training), [(WAVEFORMS, NUMBERS, 1)], RATE, training, Alone())
        assert {name.partition(".")[0] for name in model.state_dict()} == {"network"}
        assert len(model.state_dict()) >= at_least
        for name, tensors in before.items():
            now = getattr(own, name)
            assert all(torch.equal(tensors[key], value) for key, value in now.state_dict().items())
            assert all(value.grad is None for value in now.parameters())


def test_low_rank_training_leaves_the_network_itself_as_it_was():
    model, own = model_of(replace(TINY, trains="lora"))
    training = TrainingConfig(keep=())
    train_step(model, new_optimiser(model, training), [(WAVEFORMS, NUMBERS, 1)], RATE, training, Alone())
    fresh = tiny_components().unet.state_dict()
    for name, value in own.unet.state_dict().items():
        plain = name.replace("parametrizations.weight.original", "weight")
        assert plain not in fresh or torch.equal(value, fresh[plain])
    assert any(float(value.abs().sum()) > 0 for name, value in model.state_dict().items() if name.endswith(".up"))


def test_bf16_is_near_float32():
    whole, half = model_of(TINY)[0], model_of(replace(TINY, precision="bf16"))[0]
    with torch.no_grad():
        one, other = whole(WAVEFORMS, NUMBERS, 3), half(WAVEFORMS, NUMBERS, 3)
    assert one != other and abs(one - other) / one < 0.02
