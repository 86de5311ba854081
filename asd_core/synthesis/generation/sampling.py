"""Sound from captions: DDIM sampling in AudioLDM's latents, with classifier-free guidance (Liu et al. 2023)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.components import Components
from asd_core.synthesis.audioldm.shapes import FACTOR, HOP, MELS
from asd_core.synthesis.audioldm.text import text_embeddings

if TYPE_CHECKING:
    from torch import Tensor


def generate(
    components: Components, captions: Sequence[str], seeds: Sequence[int], config: GeneratorConfig
) -> NDArray[np.float32]:
    """Make a clip for each caption and seed.

    The first noise of each clip comes from a generator of its own on the CPU, and DDIM draws no further one. So a
    clip's samples do not depend on the clips beside it, but for rounding: a batch of another size may sum in another
    order. The same batch gives the same bits on the same machine.

    Args:
        components: of the model, in eval mode.
        captions: of the clips.
        seeds: of the clips, as many.
        config: its ``ddim_steps``, ``guidance``, ``seconds`` and ``precision``.

    Returns:
        (N, T) with T = ``seconds`` at the components' sample rate, as the vocoder gives them: of any level.
    """
    import torch

    with torch.inference_mode():
        latents = denoised(components, captions, first_latents(components, seeds, config), config)
        spectrograms = components.vae.decode(latents / components.vae.config.scaling_factor).sample.float()
        waveforms = components.vocoder(spectrograms.squeeze(1))
    length = round(config.seconds * components.sample_rate)
    return np.asarray(waveforms[:, :length].float().cpu().numpy())


def first_latents(components: Components, seeds: Sequence[int], config: GeneratorConfig) -> Tensor:
    """Standard normal noise (N, 8, frames / 4, 16), each clip's from its own seed."""
    import torch

    frames = math.ceil(round(config.seconds * components.sample_rate) / HOP)
    shape = (components.unet.config.in_channels, math.ceil(frames / FACTOR), MELS // FACTOR)
    drawn = [torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(drawn).to(components.device)


def denoised(components: Components, captions: Sequence[str], latents: Tensor, config: GeneratorConfig) -> Tensor:
    """Latents (N, 8, F, 16) after all steps of DDIM, led from noise to sound by their captions.

    With a guidance g the noise is estimated as u + g (c - u), c with the caption and u without. For g = 1 that is c
    itself, and half the work.
    """
    import torch

    scheduler: Any = type(components.scheduler).from_config(components.scheduler.config)  # its steps are its state
    scheduler.set_timesteps(config.ddim_steps)
    is_guided = config.guidance != 1
    texts = text_embeddings(components, [*[""] * len(captions) * is_guided, *captions])
    latents = latents * scheduler.init_noise_sigma
    bf16 = torch.autocast(components.device.type, torch.bfloat16, enabled=config.precision == "bf16")
    for step in scheduler.timesteps:
        with bf16:
            both = torch.cat([latents] * 2) if is_guided else latents
            noise = components.unet(both, step, encoder_hidden_states=None, class_labels=texts).sample
        noise = noise.float()
        if is_guided:
            without, with_caption = noise.chunk(2)
            noise = without + config.guidance * (with_caption - without)
        latents = scheduler.step(noise, step, latents).prev_sample
    return latents
