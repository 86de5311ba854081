"""The parts of AudioLDM, loaded: from the hub, from a folder in diffusers' layout, or with random weights.

Only safetensors are read, never a pickle. The published weights are for non-commercial use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from asd_core.encoders.clap.weights import is_random, random_note, seed_of
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.shapes import SAMPLE_RATE, SHAPES

NETWORKS = ("vae", "unet", "text_encoder", "vocoder")
"""The parts that have weights."""


@dataclass(frozen=True, eq=False)
class Components:
    """The parts of one text-to-audio model, in eval mode and without gradients.

    Attributes:
        vae: ``AutoencoderKL``: log-mel spectrograms (B, 1, T, 64) ↔ latents (B, 8, T / 4, 16).
        unet: ``UNet2DConditionModel``: predicts the noise in latents, led by a text embedding as ``class_labels``.
        text_encoder: ``ClapTextModelWithProjection``.
        tokenizer: ``RobertaTokenizerFast``.
        vocoder: ``SpeechT5HifiGan``: log-mel spectrograms (B, T, 64) → waveforms (B, about 160 T).
        scheduler: ``DDIMScheduler``, the noise levels.
        sample_rate: Hz.
        note: one line that every output of it must say; "" where nothing must.
    """

    vae: Any
    unet: Any
    text_encoder: Any
    tokenizer: Any
    vocoder: Any
    scheduler: Any
    sample_rate: int = SAMPLE_RATE
    note: str = ""

    def to(self, device: str) -> Components:
        """The same parts, moved to a device."""
        return replace(self, **{name: getattr(self, name).to(device) for name in NETWORKS})

    @property
    def device(self) -> Any:
        """The device that the networks are on."""
        return self.unet.device


def load_components(config: GeneratorConfig, device: str = "cpu") -> Components:
    """The pretrained, or random, parts that a recipe's ``[generator]`` names.

    Args:
        config: its ``size`` and ``weights``.
        device: ``cpu`` or ``cuda``.

    Raises:
        UsageError: there are no such weights, or the size has none that are published.
        AsdError: they cannot be had, lack a part, or are of another size.
    """
    shape = SHAPES[config.size]
    if is_random(config.weights):
        from asd_core.synthesis.audioldm.random_parts import random_parts

        parts = random_parts(shape, seed_of(config.weights))
    else:
        from asd_core.synthesis.audioldm.stored_parts import stored_parts, weights_folder

        parts = stored_parts(weights_folder(config), shape, config.size)
    for name in NETWORKS:
        parts[name].eval().requires_grad_(False)
    return Components(**parts, note=random_note(config.weights)).to(device)
