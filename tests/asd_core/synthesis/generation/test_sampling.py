"""Sampling against diffusers' own pipeline, and against DDIM's formula."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch

from asd_core.synthesis.audioldm.text import text_embeddings
from asd_core.synthesis.generation.sampling import denoised, first_latents, generate
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CAPTIONS = ["This is the normal sound of a fan.", "This is the anomaly sound of a valve."]
SEEDS = [11, 2**62]


@pytest.mark.parametrize(("seconds", "guidance"), [(0.64, 3.5), (0.33, 1.0)])
def test_samples_equal_those_of_diffusers(seconds, guidance):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from diffusers import AudioLDMPipeline
    parts, config = tiny_components(), replace(TINY, seconds=seconds, guidance=guidance)
    scheduler = type(parts.scheduler).from_config(parts.scheduler.config)
    pipeline = AudioLDMPipeline(parts.vae, parts.text_encoder, parts.tokenizer, parts.unet, scheduler, parts.vocoder)
    pipeline.set_progress_bar_config(disable=True)
    latents = first_latents(parts, SEEDS, config)
    told = pipeline(
        CAPTIONS, seconds, config.ddim_steps, guidance, latents=latents, negative_prompt=[""] * 2, output_type="np"
    ).audios
    ours = generate(parts, CAPTIONS, SEEDS, config)
    assert ours.shape == told.shape == (2, round(seconds * 16_000)) and ours.dtype == np.float32
    assert np.abs(ours).max() > 1e-3 and np.allclose(ours, told, atol=1e-5, rtol=0)


def test_one_step_equals_the_formula_of_ddim():
    """x_0 = (x_t - sqrt(1 - a_t) e) / sqrt(a_t) for a step down to noise level a_0 (Song et al. 2021, eq. 12)."""
    parts, config = tiny_components(), replace(TINY, ddim_steps=1, guidance=2.0)
    noise = first_latents(parts, SEEDS, config)
    texts = text_embeddings(parts, ["", *CAPTIONS])
    with torch.inference_mode():
        found = denoised(parts, CAPTIONS, noise, config)
        step = torch.tensor(1)  # steps_offset
        estimates = [parts.unet(noise, step, None, class_labels=one).sample for one in (texts[[0, 0]], texts[1:])]
    betas = torch.linspace(math.sqrt(0.0015), math.sqrt(0.0195), 1000, dtype=torch.float64) ** 2
    level, before = torch.cumprod(1 - betas, 0)[[1, 0]].float()
    eps = estimates[0] + 2.0 * (estimates[1] - estimates[0])
    clean = (noise - (1 - level).sqrt() * eps) / level.sqrt()
    assert torch.allclose(found, before.sqrt() * clean + (1 - before).sqrt() * eps, atol=1e-5)


def test_a_clip_depends_on_its_seed_and_caption_and_not_on_the_clips_beside_it():
    parts = tiny_components()
    both = generate(parts, CAPTIONS, SEEDS, TINY)
    alone = generate(parts, CAPTIONS[1:], SEEDS[1:], TINY)
    assert np.allclose(both[1], alone[0], atol=1e-5, rtol=0)
    assert not np.allclose(both[1], generate(parts, CAPTIONS[1:], [3], TINY)[0], atol=1e-3)
    assert not np.allclose(both[1], generate(parts, CAPTIONS[:1], SEEDS[1:], TINY)[0], atol=1e-7)
    assert both.tobytes() == generate(parts, CAPTIONS, SEEDS, TINY).tobytes()


def test_nothing_of_the_components_changes():
    parts = tiny_components()
    steps = parts.scheduler.timesteps
    generate(parts, CAPTIONS, SEEDS, replace(TINY, ddim_steps=2))
    assert parts.scheduler.timesteps is steps
