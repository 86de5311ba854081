"""The classes of AudioLDM's networks, imported when they are needed: that takes seconds."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Classes:
    """Classes of diffusers and transformers, by the part of the model that they are."""

    vae: Any
    unet: Any
    scheduler: Any
    text_encoder: Any
    text_config: Any
    tokenizer: Any
    vocoder: Any
    vocoder_config: Any


@cache
def model_classes() -> Classes:
    """Import them, without the warnings that diffusers has for machines without a GPU."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "CUDA is not available or torch_xla", UserWarning)
        from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
        from diffusers.schedulers.scheduling_ddim import DDIMScheduler
        from transformers.models.clap.configuration_clap import ClapTextConfig
        from transformers.models.clap.modeling_clap import ClapTextModelWithProjection
        from transformers.models.roberta.tokenization_roberta_fast import RobertaTokenizerFast
        from transformers.models.speecht5.configuration_speecht5 import SpeechT5HifiGanConfig
        from transformers.models.speecht5.modeling_speecht5 import SpeechT5HifiGan
    return Classes(
        AutoencoderKL,
        UNet2DConditionModel,
        DDIMScheduler,
        ClapTextModelWithProjection,
        ClapTextConfig,
        RobertaTokenizerFast,
        SpeechT5HifiGan,
        SpeechT5HifiGanConfig,
    )
