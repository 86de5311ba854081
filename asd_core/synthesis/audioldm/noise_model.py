"""The loss of AudioLDM's fine-tuning: how well the network tells the noise that was put into latents (eq. 2).

Everything random in a batch is drawn from its own seed, as in `asd_core.training.step`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from asd_core.synthesis.audioldm.latents import latents
from asd_core.synthesis.audioldm.mel import log_mel
from asd_core.training.step import LearningModel

if TYPE_CHECKING:
    from torch import nn

    from asd_core.recipe.generator_settings import GeneratorConfig
    from asd_core.synthesis.audioldm.components import Components


class NoiseModel(LearningModel):
    """Waveforms and the numbers of their captions → the loss to train on.

    Only the weights that move are a part of this module: the frozen networks are in no checkpoint.

    Args:
        network: the weights that move; see `asd_core.synthesis.audioldm.trained_weights.trained_part`.
        components: of the model, whose ``unet`` computes with these weights.
        embeddings: (C + 1, D) of the captions, and last that of the empty text.
        config: of the recipe.
    """

    def __init__(self, network: nn.Module, components: Components, embeddings: Tensor, config: GeneratorConfig) -> None:
        super().__init__()
        self.network = network
        self._frozen = (components, embeddings)  # in a tuple, where torch does not look for parts of a module
        self._config = config

    @property
    def components(self) -> Components:
        """The parts of the model."""
        return self._frozen[0]

    def forward(self, inputs: Tensor, classes: Tensor, seed: int) -> Tensor:
        """The mean squared error of the noise that the network tells.

        Args:
            inputs: waveforms (B, T) at 16 kHz, as `asd_core.synthesis.audioldm.mel.segment` gives them.
            classes: (B,) numbers of their captions.
            seed: of everything that is drawn for this batch.
        """
        components, embeddings = self._frozen
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            clean = latents(components, log_mel(inputs), generator)
        steps = components.scheduler.config.num_train_timesteps
        levels = torch.randint(0, steps, (len(clean),), generator=generator).to(clean.device)
        noise = torch.randn(clean.shape, generator=generator).to(clean.device)
        is_dropped = torch.rand(len(clean), generator=generator).to(clean.device) < self._config.unconditional
        led_by = embeddings[torch.where(is_dropped, len(embeddings) - 1, classes)]
        noisy = components.scheduler.add_noise(clean, noise, levels)
        with torch.autocast(noisy.device.type, torch.bfloat16, enabled=self._config.precision == "bf16"):
            told = components.unet(noisy, levels, None, class_labels=led_by).sample
        return mse_loss(told.float(), noise)
